"""The entries of all segments that have some terms.

Where a term is rare, its entries are looked up in the sets of the other terms, so that a search takes as long as its
rarest term has entries, and not as long as the archive is. With sets of different sizes this is the fastest way to
intersect them (Demaine, Lopez-Ortiz and Munro, Adaptive set intersections, unions, and differences, 2000).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from storage.search.index.entries import Ids, distinct
from storage.search.index.entry_set import EntrySet, Mask, fill_mask, has_entries, is_bitmap, list_entries
from storage.search.index.segment_snapshot import SegmentSnapshot

MAX_PLACES = 2_048
"""The most entries that are listed: of more, and of terms that all may have more, there is a mask."""

SegmentSets: TypeAlias = Mapping[int, EntrySet]
"""The entries that have a term, by the id of the segment."""


class FewEntries(NamedTuple):
    """The places of some entries among all of a snapshot, ascending."""

    places: Ids

    @property
    def are_none(self) -> bool:
        """Whether there are none."""
        return not len(self.places)


class ManyEntries(NamedTuple):
    """For each entry of a snapshot whether it is one of them."""

    mask: Mask

    @property
    def are_none(self) -> bool:
        """Whether there are none."""
        return not self.mask.any()


FoundEntries: TypeAlias = FewEntries | ManyEntries


def entries_with_all(
    snapshot: SegmentSnapshot, terms: Iterable[Sequence[SegmentSets]], among: FoundEntries | None = None
) -> FoundEntries:
    """The entries that have all terms, each of which is given by alternatives; `among`: only those of them."""
    for alternatives in sorted(terms, key=_most):
        if among is None:
            few = _most(alternatives) <= MAX_PLACES
            among = FewEntries(_places(snapshot, alternatives)) if few else ManyEntries(_mask(snapshot, alternatives))
        elif isinstance(among, ManyEntries):
            among = ManyEntries(among.mask & _mask(snapshot, alternatives))
        elif not among.are_none:
            among = FewEntries(among.places[_are_in(snapshot, among.places, alternatives)])
    return FewEntries(np.zeros(0, np.int64)) if among is None else among


def _most(alternatives: Iterable[SegmentSets]) -> int:
    """A bound on the entries that have a term: all that a bitmap has bits for."""
    sets = (entries for alternative in alternatives for entries in alternative.values())
    return sum(8 * len(entries) if is_bitmap(entries) else len(entries) for entries in sets)


def _places(snapshot: SegmentSnapshot, alternatives: Sequence[SegmentSets]) -> Ids:
    found = [np.zeros(0, np.int64)]
    for sets in alternatives:
        for id, entries in sets.items():
            if len(entries):
                span = snapshot.spans[id]
                found.append(list_entries(entries, span.stop - span.start) + np.int64(span.start))
    places = np.concatenate(found)
    places.sort()
    return distinct(places) if len(alternatives) > 1 else places


def _mask(snapshot: SegmentSnapshot, alternatives: Iterable[SegmentSets]) -> Mask:
    mask = np.zeros(snapshot.size, np.bool_)
    for sets in alternatives:
        for id, entries in sets.items():
            if len(entries):
                fill_mask(mask[snapshot.spans[id]], entries)
    return mask


def _are_in(snapshot: SegmentSnapshot, places: Ids, alternatives: Iterable[SegmentSets]) -> Mask:
    """Whether each of some places has a term."""
    are_in = np.zeros(len(places), np.bool_)
    for sets in alternatives:
        for id, entries in sets.items():
            span = snapshot.spans[id]
            low, high = places.searchsorted((span.start, span.stop)).tolist()
            if low < high and len(entries):
                are_in[low:high] |= has_entries(entries, places[low:high] - span.start)
    return are_in
