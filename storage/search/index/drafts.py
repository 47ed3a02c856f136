"""Drafts: segments built outside the transaction that writes them, in a thread or another process."""

import threading
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from storage.search.index.segment import Checksums, Segment, build_segments
from storage.search.index.vocabulary import Vocabulary, encode_entry


class Draft(NamedTuple):
    """A segment of `size` entries without their ids: its blocks, each with its first term."""

    size: int
    blocks: list[tuple[str, bytes]]

    @classmethod
    def from_segment(cls, segment: Segment) -> "Draft":
        return cls(segment.size, list(segment.blocks()))

    @property
    def weight(self) -> int:
        """Size in bytes."""
        return sum(len(data) for _, data in self.blocks)


class _Drafter:
    """Builds segments with a vocabulary that is reused from call to call, in one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._vocabulary = Vocabulary()

    def build(self, entries: Iterable[str]) -> list[Segment]:
        """Segments of encoded entries, in order."""
        with self._lock:
            if self._vocabulary.is_full:
                self._vocabulary = Vocabulary()
            return list(build_segments(entries, self._vocabulary))


_drafter = _Drafter()


def draft_entries(entries: Iterable[Sequence[str]]) -> list[Draft]:
    """Drafts of entries, each given by its texts: one draft, unless they are very many or very long."""
    return draft_encoded(map(encode_entry, entries))


def draft_encoded(entries: Iterable[str]) -> list[Draft]:
    """As `draft_entries`, of entries that `encode_entry` encoded."""
    return list(map(Draft.from_segment, _drafter.build(entries)))


def entry_checksums(entries: Iterable[Sequence[str]]) -> Checksums:
    """The checksum of each entry's terms."""
    segments = _drafter.build(map(encode_entry, entries))
    return np.concatenate([np.zeros(0, np.uint64), *(segment.checksums() for segment in segments)])
