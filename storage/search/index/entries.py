"""What is indexed: entries, each a session's title, or a message's texts, thinking, tool names, inputs and outputs."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storage.search.index.tokens import BARRIER, token_text

Ids = npt.NDArray[np.int64]

POSITION_BITS = 20
TITLE_POSITION = 2**POSITION_BITS - 1
"""Where a session's title stands: behind all of its messages, so that it comes first when the latest comes first.

Beyond the first million of a session, which is what ids can tell apart, no message is searched.
"""


def entry_ids(number: int, start: int, count: int) -> Ids:
    """The ids of a session's messages from position `start` on; -1 is the title, so that one run holds everything."""
    first = number << POSITION_BITS
    return np.arange(first + start + 1, first + min(start + count, TITLE_POSITION) + 1, dtype=np.int64)


def numbers_of(ids: Ids) -> Ids:
    """The number of the session that each entry belongs to."""
    numbers: Ids = ids >> POSITION_BITS
    return numbers


def positions_of(ids: Ids) -> Ids:
    """The position of each message in its session; TITLE_POSITION for a title."""
    positions: Ids = (ids - 1) & TITLE_POSITION
    return positions


class Runs(NamedTuple):
    """The ids of a segment's entries: so many from each of the first ones on."""

    firsts: Ids
    counts: Ids

    @classmethod
    def of(cls, ids: Ids) -> "Runs":
        starts = np.flatnonzero(np.diff(ids, prepend=ids[0] - 2) != 1)
        return cls(ids[starts], np.diff(starts, append=len(ids)))

    @classmethod
    def read(cls, data: bytes) -> "Runs":
        """From what `stored` gave."""
        firsts, counts = np.frombuffer(data, "<i8").astype(np.int64).reshape(2, -1)
        return cls(firsts, counts)

    def stored(self) -> bytes:
        """As bytes."""
        return np.concatenate(self).astype("<i8").tobytes()

    def ids(self) -> Ids:
        """The id of each entry."""
        ids: Ids = np.repeat(self.firsts - self.starts(), self.counts) + np.arange(int(self.counts.sum()))
        return ids

    def starts(self) -> Ids:
        """The place of each run's first entry among all."""
        starts: Ids = np.cumsum(self.counts) - self.counts
        return starts


def entry_tokens(texts: Sequence[str]) -> str:
    """The tokens of an entry by its texts, a barrier between those, and a blank on either side of each token."""
    found = f" {BARRIER} ".join(filter(None, map(token_text, texts)))
    return f" {found} "
