"""Index entries: one for each session title, and one for each message with all its searched texts."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]

POSITION_BITS = 28
TITLE_POSITION = 2**POSITION_BITS - 1
"""Position of a session's title: after all its messages, so that it comes first when the latest comes first.

28 bits are more than the messages of any document that fits into memory, and leave 35 bits for session numbers.
"""


def entry_ids(number: int, start: int, count: int) -> Ids:
    """Ids of `count` entries of a session from position `start` on; the title is at -1, before the messages."""
    first = number << POSITION_BITS
    return np.arange(first + start + 1, first + min(start + count, TITLE_POSITION) + 1, dtype=np.int64)


def entry_session_numbers(ids: Ids) -> Ids:
    """The session number of each entry."""
    numbers: Ids = ids >> POSITION_BITS
    return numbers


def entry_positions(ids: Ids) -> Ids:
    """The position of each entry in its session; TITLE_POSITION for a title."""
    positions: Ids = (ids - 1) & TITLE_POSITION
    return positions


def distinct(numbers: Ids) -> Ids:
    """The distinct ones of sorted numbers."""
    is_new = np.ones(len(numbers), np.bool_)
    np.not_equal(numbers[1:], numbers[:-1], out=is_new[1:])
    return numbers[is_new]


class Runs(NamedTuple):
    """A segment's entry ids, run-length encoded: `counts` consecutive ids from each of `firsts`."""

    firsts: Ids
    counts: Ids

    @classmethod
    def from_ids(cls, ids: Ids) -> "Runs":
        starts = np.flatnonzero(np.diff(ids, prepend=ids[0] - 2) != 1)
        return cls(ids[starts], np.diff(starts, append=len(ids)))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Runs":
        """Decode what `to_bytes` returned."""
        firsts, counts = np.frombuffer(data, "<i8").astype(np.int64).reshape(2, -1)
        return cls(firsts, counts)

    def to_bytes(self) -> bytes:
        """Encode for storage."""
        return np.concatenate(self).astype("<i8").tobytes()

    def ids(self) -> Ids:
        """Every id."""
        ids: Ids = np.repeat(self.firsts - self.starts(), self.counts) + np.arange(int(self.counts.sum()))
        return ids

    def starts(self) -> Ids:
        """Index of each run's first entry in the segment."""
        starts: Ids = np.cumsum(self.counts) - self.counts
        return starts
