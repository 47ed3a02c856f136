"""Merges a version of a session into the messages stored so far, so that no version takes a message away.

The stored messages of a session are an archive: every message that any imported version held, in the order of the
transcript. `place` is a message's index in the newest document; it is None for messages of earlier windows, which a
compaction, a rewind or a rewrite removed from that document. Places rise with positions.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from storage.documents.document import DocumentRow, NewMessage
from storage.documents.overlap import overlap_length
from storage.json_codec import load
from storage.records.content_block import CompactionBlock
from storage.records.stored_blocks import message_blocks


class StoredMessage(NamedTuple):
    """A stored message as far as a merge needs it; its position is its index in the sequence."""

    digest: bytes
    place: int | None


class Insertion(NamedTuple):
    """A message to add before the stored message at `position`, or at the end."""

    position: int
    row: DocumentRow


class Merge(NamedTuple):
    """The result of a merge: messages to add, sorted by position, and the new place of each stored message."""

    insertions: list[Insertion]
    places: list[int | None]


def merge(stored: Sequence[StoredMessage], rows: Sequence[DocumentRow], *, replaces: bool) -> Merge:
    """Merge the rows of a document into the stored messages.

    With `replaces` the document becomes the newest one: as much of its beginning as possible is matched with stored
    messages in their order, and the rest is appended. The messages that a new compaction kept are those that are stored
    at the end of the newest window, and its summary is inserted before them. Otherwise the messages of the document
    become those of an earlier window: each one that is not stored yet is inserted after the message that it follows.
    """
    chain = _chain(stored, [row for row in rows if row.place is not None]) if replaces else {}
    places: list[int | None] = [None] * len(stored) if replaces else [one.place for one in stored]
    for place, position in chain.items():
        places[position] = place
    unmatched = _unmatched(stored, exclude=set(chain.values()))
    insertions = []
    end, previous = len(stored), -1
    for row in rows:
        if replaces and row.place is not None:
            if row.place in chain:
                previous = max(previous, chain[row.place])
            else:
                # A summary stands before what its compaction kept, anything else is appended.
                insertions.append(Insertion(chain.get(row.place + 1, end), row))
                previous = max(previous, insertions[-1].position - 1)
        elif (match := unmatched[row.message.digest].take_after(previous)) is not None:
            previous = max(previous, match)
        else:
            insertions.append(Insertion(min(previous + 1, end), row._replace(place=None)))
    return Merge(sorted(insertions, key=lambda insertion: insertion.position), places)


def _chain(stored: Sequence[StoredMessage], rows: Sequence[DocumentRow]) -> dict[int, int]:
    """The positions of the stored messages that equal messages of the document, by the places of these; both rise."""
    digests = [row.message.digest for row in rows]
    chain = dict(enumerate(_beginning(stored, digests)))
    count = len(chain)
    if count < len(rows) and _is_compaction(rows[count].message):
        behind = 1 + max(chain.values(), default=-1)
        newest = [position for position in range(behind, len(stored)) if stored[position].place is not None]
        kept = overlap_length([stored[position].digest for position in newest], digests[count + 1 :])
        chain |= zip(range(count + 1, count + 1 + kept), newest[len(newest) - kept :], strict=True)
    return chain


def _is_compaction(message: NewMessage) -> bool:
    return message.role == "SYSTEM" and any(
        isinstance(block, CompactionBlock) for block in message_blocks(message.role, load(message.content))
    )


def _beginning(stored: Sequence[StoredMessage], digests: Sequence[bytes]) -> list[int]:
    """Rising positions of stored messages that equal the first ones of the document, as many as possible.

    The newest document's messages are preferred to those of earlier windows.
    """
    newest: list[int] = []
    for position, one in enumerate(stored):
        if one.place is not None:
            if len(newest) == len(digests) or one.digest != digests[len(newest)]:
                break
            newest.append(position)
    earliest: list[int] = []
    for position, one in enumerate(stored):
        if len(earliest) < len(digests) and one.digest == digests[len(earliest)]:
            earliest.append(position)
    return newest if len(newest) >= len(earliest) else earliest


class _Unmatched:
    """The positions of equal stored messages that have not been matched, as a disjoint-set forest."""

    def __init__(self) -> None:
        self._positions: list[int] = []
        # By index in `_positions`: itself, or a later index at which to look for one that has not been matched.
        self._parents = [0]

    def add(self, position: int) -> None:
        """Add a position behind all others."""
        self._positions.append(position)
        self._parents.append(len(self._positions))

    def take_after(self, position: int) -> int | None:
        """Match the first one after a position, or else the first of all; None when none is left."""
        for start in (bisect_right(self._positions, position), 0):
            index = self._first(start)
            if index < len(self._positions):
                self._parents[index] = index + 1
                return self._positions[index]
        return None

    def _first(self, index: int) -> int:
        parents = self._parents
        while parents[index] != index:
            parents[index] = index = parents[parents[index]]
        return index


def _unmatched(stored: Sequence[StoredMessage], exclude: set[int]) -> defaultdict[bytes, _Unmatched]:
    unmatched: defaultdict[bytes, _Unmatched] = defaultdict(_Unmatched)
    for position, one in enumerate(stored):
        if position not in exclude:
            unmatched[one.digest].add(position)
    return unmatched
