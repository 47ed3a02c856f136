from collections.abc import Sequence
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from storage.search.index.entries import (
    POSITION_BITS,
    TITLE_POSITION,
    Ids,
    Runs,
    entry_positions,
    entry_session_numbers,
)
from storage.search.index.segment_snapshot import SegmentSnapshot, SnapshotSegment
from storage.search.query.matches import Matches

_SESSIONS = 5


def _ids(entries: set[tuple[int, int]]) -> Ids:
    """Ids of entries by their sessions and positions, where -1 is the title."""
    return np.array(sorted((number << POSITION_BITS) + position + 1 for number, position in entries), np.int64)


_entries = st.sets(st.tuples(st.integers(1, _SESSIONS), st.integers(-1, 40)), min_size=1)


@given(st.lists(_entries, min_size=1, max_size=3), st.integers(0, 8), st.randoms(use_true_random=False))
def test_the_entries_of_sessions_are_the_matching_ones_the_last_first(
    segments: Sequence[set[tuple[int, int]]], tenths: int, random: Random
) -> None:
    """However many match: few are found in another way than many."""
    all_ids = [_ids(entries) for entries in segments]
    snapshot = SegmentSnapshot([SnapshotSegment(id, len(ids), Runs.from_ids(ids)) for id, ids in enumerate(all_ids)])
    mask = np.array([random.random() * 8 < tenths for _ in range(snapshot.size)], np.bool_)
    ids = np.concatenate(all_ids)[mask]
    expected = [
        sorted(set(entry_positions(ids[entry_session_numbers(ids) == number]).tolist()), reverse=True)
        for number in range(_SESSIONS + 2)
    ]

    matches = Matches(snapshot, mask, titles=True, messages=True)

    assert list(matches.each_newest_first(range(_SESSIONS + 2))) == expected
    found = matches.newest_first(range(_SESSIONS + 2))
    pairs = zip(found.sessions.tolist(), found.positions.tolist(), strict=True)
    assert list(pairs) == [(place, position) for place, some in enumerate(expected) for position in some]
    assert matches.numbers.tolist() == [number for number, some in enumerate(expected) if some]
    every = np.concatenate(all_ids)
    titled = entry_session_numbers(every[entry_positions(every) == TITLE_POSITION]).tolist()
    retitled = {number for number in titled if titled.count(number) > 1}
    assert matches.retitled == retitled & set(matches.numbers.tolist())
    certain = [
        number
        for number, position in zip(entry_session_numbers(ids).tolist(), entry_positions(ids).tolist(), strict=True)
        if position != TITLE_POSITION or number not in retitled
    ]
    assert matches.certain_numbers.tolist() == sorted(set(certain))
    assert matches.count_certain(np.array([1, 3, 9])) == certain.count(1) + certain.count(3)
