"""The entries that match a query by the index, where they are few: a list of them, however many entries there are."""

import functools
from collections.abc import Iterator, Sequence

import numpy as np

from storage.search.index.entries import (
    POSITION_BITS,
    TITLE_POSITION,
    Ids,
    distinct,
    entry_positions,
    entry_session_numbers,
)
from storage.search.index.entry_set import Mask
from storage.search.index.segment_snapshot import SegmentSnapshot
from storage.search.query.dense_matches import MatchingEntries


class SparseMatches:
    """As `DenseMatches`, of a few entries, which are given by their places among all of a snapshot."""

    def __init__(self, snapshot: SegmentSnapshot, places: Ids, *, titles: bool, messages: bool) -> None:
        runs = snapshot.starts.searchsorted(places, "right") - 1
        ids = snapshot.first_ids[runs] + places - snapshot.starts[runs]
        # By session and position, so that the title comes last.
        keys = entry_session_numbers(ids) << POSITION_BITS | entry_positions(ids)
        if not (titles and messages):
            keys = keys[_are_titles(keys) == titles]
        keys.sort()
        self._keys: Ids = keys
        self.numbers: Ids = distinct(keys >> POSITION_BITS)
        """Numbers of the sessions with matching entries, ascending."""
        self.retitled = snapshot.retitled_of(self.numbers)
        """Those of them with several titles, of which the one that matches may be an old one."""

    @property
    def bytes(self) -> int:
        """Approximate size in memory."""
        return 2 * self._keys.nbytes + self.numbers.nbytes

    @functools.cached_property
    def certain_numbers(self) -> Ids:
        """Numbers of the sessions with an entry that matches if words alone decide, ascending."""
        return distinct(self._certain())

    def count_certain(self, numbers: Ids) -> int:
        """How many entries of these sessions match if words alone decide."""
        return int(np.isin(self._certain(), numbers).sum())

    def _certain(self) -> Ids:
        """For each entry that matches if words alone decide the number of its session, ascending."""
        numbers = self._keys >> POSITION_BITS
        are_doubtful = _are_titles(self._keys) & np.isin(numbers, list(self.retitled))
        certain: Ids = numbers[~are_doubtful]
        return certain

    def newest_first(self, numbers: Sequence[int]) -> MatchingEntries:
        """The distinct entries of sessions: in the order of the sessions, the last position first."""
        found = list(self.each_newest_first(numbers))
        sessions = np.repeat(np.arange(len(found)), list(map(len, found)))
        return MatchingEntries(sessions, np.array([position for some in found for position in some], np.int64))

    def each_newest_first(self, numbers: Sequence[int]) -> Iterator[list[int]]:
        """For each session the positions of its distinct entries, the last first."""
        wanted = np.array(numbers, np.int64)
        lows = self._keys.searchsorted(wanted << POSITION_BITS).tolist()
        highs = self._keys.searchsorted(wanted + 1 << POSITION_BITS).tolist()
        positions = (self._keys & TITLE_POSITION).tolist()
        for low, high in zip(lows, highs, strict=True):
            # The title of a renamed session may occur twice.
            yield list(dict.fromkeys(reversed(positions[low:high])))


def _are_titles(keys: Ids) -> Mask:
    are_titles: Mask = keys & TITLE_POSITION == TITLE_POSITION
    return are_titles
