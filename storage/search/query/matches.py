"""Entries that hold what was asked for, found by their sessions."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from storage.search.index.block import Mask
from storage.search.index.entries import POSITION_BITS, TITLE_POSITION, Ids, positions_of
from storage.search.index.segment_snapshot import SegmentSnapshot


class Entries(NamedTuple):
    """Some entries: the session of each, by its place among those that were asked for, and its position there."""

    sessions: Ids
    positions: Ids


class Matches:
    """Some of the entries of known segments: titles, messages or both."""

    def __init__(self, known: SegmentSnapshot, mask: Mask, *, titles: bool, messages: bool) -> None:
        if not messages:
            has_title = mask[known.titles]
            mask = np.zeros(known.size, np.bool_)
            mask[known.titles] = has_title
        elif not titles:
            mask[known.titles] = False
        is_found = np.zeros(0, np.bool_)
        if known.size:
            is_found = np.bitwise_or.reduceat(mask.view(np.uint8), known.starts).view(np.bool_)[known.order]
        self._bits = np.packbits(mask, bitorder="little")
        # Nothing of what is known of all segments: that is forgotten when there are others.
        self._starts = known.ordered_starts[is_found]
        self._counts = known.counts[is_found]
        self._firsts = known.firsts[is_found]
        self._numbers = known.numbers[is_found]
        self.numbers: Ids = _distinct(self._numbers)
        """The numbers of the sessions that have some, rising."""

    @property
    def bytes(self) -> int:
        """Of memory, about."""
        arrays = (self._bits, self._starts, self._counts, self._firsts, self._numbers, self.numbers)
        return sum(array.nbytes for array in arrays)

    def of(self, numbers: Sequence[int]) -> Entries:
        """Those of sessions, by their numbers. A title that was changed may be there twice."""
        wanted = np.array(numbers, np.int64)
        lows = np.searchsorted(self._numbers, wanted)
        runs_each = np.searchsorted(self._numbers, wanted, "right") - lows
        runs = _ranges(lows, runs_each)
        starts, counts = self._starts[runs], self._counts[runs]
        places = _ranges(starts, counts)
        is_found = (self._bits[places >> 3] >> (places & 7).astype(np.uint8) & 1).view(np.bool_)
        ids = (np.repeat(self._firsts[runs] - starts, counts) + places)[is_found]
        sessions = np.repeat(np.repeat(np.arange(len(wanted)), runs_each), counts)[is_found]
        return Entries(sessions, positions_of(ids))

    def newest_first(self, numbers: Sequence[int]) -> Entries:
        """Those of sessions, each once: in the sessions' order, the last position first."""
        sessions, positions = self.of(numbers)
        keys = _distinct(np.sort(sessions << POSITION_BITS | TITLE_POSITION - positions))
        return Entries(keys >> POSITION_BITS, TITLE_POSITION - (keys & TITLE_POSITION))


def _ranges(starts: Ids, counts: Ids) -> Ids:
    """So many numbers from each start on, one range after another."""
    ranges: Ids = np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(int(counts.sum()))
    return ranges


def _distinct(numbers: Ids) -> Ids:
    """Those in order, each once."""
    is_new = np.ones(len(numbers), np.bool_)
    np.not_equal(numbers[1:], numbers[:-1], out=is_new[1:])
    return numbers[is_new]
