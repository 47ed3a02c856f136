"""The entries that match a query by the index, grouped by session: a bit for each of all entries."""

import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from storage.search.index.entries import POSITION_BITS, TITLE_POSITION, Ids, distinct, entry_positions
from storage.search.index.entry_set import Mask
from storage.search.index.segment_snapshot import SegmentSnapshot

_FEW = 8
"""The most entries of a run that Python finds faster than NumPy."""

# Bytes in memory of a number in a set.
_NUMBER_BYTES = 64


class MatchingEntries(NamedTuple):
    """For each entry the index of its session among those asked for, and its position there."""

    sessions: Ids
    positions: Ids


class DenseMatches:
    """A set of entries of a snapshot, without titles or without messages if those are out of scope."""

    def __init__(self, snapshot: SegmentSnapshot, mask: Mask, *, titles: bool, messages: bool) -> None:
        if not messages:
            has_title = mask[snapshot.titles]
            mask = np.zeros(snapshot.size, np.bool_)
            mask[snapshot.titles] = has_title
        elif not titles:
            mask[snapshot.titles] = False
        has_match = np.zeros(0, np.bool_)
        if snapshot.size:
            has_match = np.bitwise_or.reduceat(mask.view(np.uint8), snapshot.starts).view(np.bool_)[snapshot.order]
        self._bits = np.packbits(mask, bitorder="little").tobytes()
        # Copies, no views: the snapshot's arrays must be freed when there is a newer one.
        self._starts = snapshot.ordered_starts[has_match]
        self._counts = snapshot.counts[has_match]
        self._firsts = snapshot.firsts[has_match]
        self._numbers = snapshot.numbers[has_match]
        self.numbers: Ids = distinct(self._numbers)
        """Numbers of the sessions with matching entries, ascending."""
        self.retitled = snapshot.retitled_of(self.numbers)
        """Those of them with several titles, of which the one that matches may be an old one."""

    @property
    def bytes(self) -> int:
        """Approximate size in memory."""
        # `numbers` once more, for those that are certain.
        arrays = (self._starts, self._counts, self._firsts, self._numbers, self.numbers, self.numbers)
        return len(self._bits) + sum(array.nbytes for array in arrays) + _NUMBER_BYTES * len(self.retitled)

    @functools.cached_property
    def certain_numbers(self) -> Ids:
        """Numbers of the sessions with an entry that matches if words alone decide, ascending."""
        return distinct(self._numbers[self._count_certain() > 0])

    def count_certain(self, numbers: Ids) -> int:
        """How many entries of these sessions match if words alone decide."""
        return int(self._count_certain()[np.isin(self._numbers, numbers)].sum())

    def _count_certain(self) -> Ids:
        """How many entries of each run match, without the titles of retitled sessions."""
        is_doubtful = (entry_positions(self._firsts) == TITLE_POSITION) & np.isin(self._numbers, list(self.retitled))
        # A title is the first entry of its run.
        before, through = self._ranks(np.stack((self._starts + is_doubtful, self._starts + self._counts)))
        counts: Ids = through - before
        return counts

    def _ranks(self, places: Ids) -> Ids:
        """How many entries before each place match."""
        packed = np.frombuffer(self._bits + b"\0", np.uint8)
        before = np.zeros(len(packed) + 1, np.int64)
        np.cumsum(np.bitwise_count(packed), out=before[1:])
        whole = places >> 3
        rest = packed[whole] & ((1 << (places & 7)) - 1).astype(np.uint8)
        ranks: Ids = before[whole] + np.bitwise_count(rest)
        return ranks

    def of_sessions(self, numbers: Sequence[int]) -> MatchingEntries:
        """The entries of sessions. The title of a renamed session may occur twice."""
        wanted = np.array(numbers, np.int64)
        lows = np.searchsorted(self._numbers, wanted)
        runs_each = np.searchsorted(self._numbers, wanted, "right") - lows
        runs = _ranges(lows, runs_each)
        starts, counts = self._starts[runs], self._counts[runs]
        places = _ranges(starts, counts)
        bits = np.frombuffer(self._bits, np.uint8)
        is_match = (bits[places >> 3] >> (places & 7).astype(np.uint8) & 1).view(np.bool_)
        ids = (np.repeat(self._firsts[runs] - starts, counts) + places)[is_match]
        sessions = np.repeat(np.repeat(np.arange(len(wanted)), runs_each), counts)[is_match]
        return MatchingEntries(sessions, entry_positions(ids))

    def newest_first(self, numbers: Sequence[int]) -> MatchingEntries:
        """The distinct entries of sessions: in the order of the sessions, the last position first."""
        sessions, positions = self.of_sessions(numbers)
        keys = distinct(np.sort(sessions << POSITION_BITS | TITLE_POSITION - positions))
        return MatchingEntries(keys >> POSITION_BITS, TITLE_POSITION - (keys & TITLE_POSITION))

    def each_newest_first(self, numbers: Sequence[int]) -> Iterator[list[int]]:
        """For each session the positions of its distinct entries, the last first.

        They are computed when they are asked for: a page of hits takes those of a few sessions, for which
        `newest_first` would take longer.
        """
        wanted = np.array(numbers, np.int64)
        lows = np.searchsorted(self._numbers, wanted).tolist()
        highs = np.searchsorted(self._numbers, wanted, "right").tolist()
        for low, high in zip(lows, highs, strict=True):
            positions = self._run_positions(low) if high == low + 1 else []
            if high > low + 1:
                # The title of a renamed session may occur twice.
                positions = list({position for run in range(low, high) for position in self._run_positions(run)})
            positions.sort(reverse=True)
            yield positions

    def _run_positions(self, run: int) -> list[int]:
        """The positions of the matching entries of a run."""
        start, count, first = self._starts.item(run), self._counts.item(run), self._firsts.item(run)
        packed = self._bits[start >> 3 : (start + count + 7) >> 3]
        bits = int.from_bytes(packed, "little") >> (start & 7) & (1 << count) - 1
        positions: list[int] = []
        if bits.bit_count() > _FEW:
            mask = np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little")
            positions = entry_positions(mask[start & 7 : (start & 7) + count].nonzero()[0] + first).tolist()
            return positions
        while bits:
            last = bits.bit_length() - 1
            bits ^= 1 << last
            positions.append(first + last - 1 & TITLE_POSITION)
        return positions


def _ranges(starts: Ids, counts: Ids) -> Ids:
    """The ranges of `counts` integers from each start, concatenated."""
    ranges: Ids = np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(int(counts.sum()))
    return ranges
