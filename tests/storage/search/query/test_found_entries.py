import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.search.index.entries import Runs, entry_ids
from storage.search.index.entry_set import EntrySet
from storage.search.index.segment_snapshot import SegmentSnapshot, SnapshotSegment
from storage.search.query import found_entries
from storage.search.query.found_entries import FewEntries, FoundEntries, entries_with_all

_SIZES = {5: 9, 3: 17, 8: 1}
"""Segments in the order of a snapshot, by their ids."""

_SNAPSHOT = SegmentSnapshot(
    [
        SnapshotSegment(id, size, Runs.from_ids(entry_ids(number, 0, size)))
        for number, (id, size) in enumerate(_SIZES.items(), 1)
    ]
)


@st.composite
def _sets(draw: st.DrawFn) -> tuple[dict[int, EntrySet], set[int]]:
    """The entries of some segments that have a term, by segment in any order, and their places among all entries."""
    sets: dict[int, EntrySet] = {}
    places: set[int] = set()
    for id in draw(st.permutations(list(_SIZES))):
        mask = np.array(draw(st.lists(st.booleans(), min_size=_SIZES[id], max_size=_SIZES[id])))
        sets[id] = np.packbits(mask) if draw(st.booleans()) else np.flatnonzero(mask).astype(np.uint16)
        places.update((np.flatnonzero(mask) + _SNAPSHOT.spans[id].start).tolist())
    return sets, places


_terms = st.lists(st.lists(_sets(), min_size=1, max_size=2), min_size=1, max_size=4)


def _listed(found: FoundEntries) -> list[int]:
    places: list[int] = (found.places if isinstance(found, FewEntries) else np.flatnonzero(found.mask)).tolist()
    return places


@pytest.mark.parametrize("most", [-1, 24, 1_000], ids=["masks", "either", "lists"])
@given(terms=_terms, more=_terms)
def test_the_found_entries_have_one_of_the_alternatives_of_each_term(
    most: int,
    terms: list[list[tuple[dict[int, EntrySet], set[int]]]],
    more: list[list[tuple[dict[int, EntrySet], set[int]]]],
) -> None:
    def intersection(*some: list[tuple[dict[int, EntrySet], set[int]]]) -> set[int]:
        return set.intersection(*(set().union(*(places for _, places in one)) for one in some))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(found_entries, "MAX_PLACES", most)
        found = entries_with_all(_SNAPSHOT, [[sets for sets, _ in one] for one in terms])
        among = entries_with_all(_SNAPSHOT, [[sets for sets, _ in one] for one in more], found)

    assert _listed(found) == sorted(intersection(*terms))
    assert found.are_none == (not intersection(*terms))
    assert _listed(among) == sorted(intersection(*terms, *more))
