from collections.abc import Callable, Sequence
from random import Random

import numpy as np
import pytest
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
from storage.search.index.entry_set import Mask
from storage.search.index.segment_snapshot import SegmentSnapshot, SnapshotSegment
from storage.search.query.found_entries import FewEntries, FoundEntries, ManyEntries
from storage.search.query.matches import matches_of

_SESSIONS = 5


def _ids(entries: set[tuple[int, int]]) -> Ids:
    """Ids of entries by their sessions and positions, where -1 is the title."""
    return np.array(sorted((number << POSITION_BITS) + position + 1 for number, position in entries), np.int64)


_entries = st.sets(st.tuples(st.integers(1, _SESSIONS), st.integers(-1, 40)), min_size=1)


@pytest.mark.parametrize("form", [ManyEntries, lambda mask: FewEntries(np.flatnonzero(mask))], ids=["many", "few"])
@pytest.mark.parametrize("scopes", [(True, True), (True, False), (False, True)], ids=["all", "titles", "messages"])
@given(
    segments=st.lists(_entries, min_size=1, max_size=3),
    tenths=st.integers(0, 8),
    random=st.randoms(use_true_random=False),
)
def test_the_entries_of_sessions_are_the_matching_ones_the_last_first(
    form: Callable[[Mask], FoundEntries],
    scopes: tuple[bool, bool],
    segments: Sequence[set[tuple[int, int]]],
    tenths: int,
    random: Random,
) -> None:
    """However many match: few are found in another way than many."""
    titles, messages = scopes
    all_ids = [_ids(entries) for entries in segments]
    snapshot = SegmentSnapshot([SnapshotSegment(id, len(ids), Runs.from_ids(ids)) for id, ids in enumerate(all_ids)])
    mask = np.array([random.random() * 8 < tenths for _ in range(snapshot.size)], np.bool_)
    every = np.concatenate(all_ids)
    are_titles = entry_positions(every) == TITLE_POSITION
    ids = every[mask & np.where(are_titles, titles, messages)]
    expected = [
        sorted(set(entry_positions(ids[entry_session_numbers(ids) == number]).tolist()), reverse=True)
        for number in range(_SESSIONS + 2)
    ]

    matches = matches_of(snapshot, form(mask), titles=titles, messages=messages)

    assert list(matches.each_newest_first(range(_SESSIONS + 2))) == expected
    found = matches.newest_first(range(_SESSIONS + 2))
    pairs = zip(found.sessions.tolist(), found.positions.tolist(), strict=True)
    assert list(pairs) == [(place, position) for place, some in enumerate(expected) for position in some]
    assert matches.numbers.tolist() == [number for number, some in enumerate(expected) if some]
    titled = entry_session_numbers(every[are_titles]).tolist()
    retitled = {number for number in titled if titled.count(number) > 1}
    assert matches.retitled == retitled & set(matches.numbers.tolist())
    certain = [
        number
        for number, position in zip(entry_session_numbers(ids).tolist(), entry_positions(ids).tolist(), strict=True)
        if position != TITLE_POSITION or number not in retitled
    ]
    assert matches.certain_numbers.tolist() == sorted(set(certain))
    assert matches.count_certain(np.array([1, 3, 9])) == certain.count(1) + certain.count(3)
