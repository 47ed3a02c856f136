"""Segments made ready to be stored, wherever there is time for it: a process that reads, or a thread."""

import threading
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from storage.search.index.segment import Segment, Sums, segments_of
from storage.search.index.vocabulary import Vocabulary, spelled


class Draft(NamedTuple):
    """A segment of so many entries less what those are; its blocks by the terms that they begin with."""

    size: int
    blocks: list[tuple[str, bytes]]

    @classmethod
    def of(cls, segment: Segment) -> "Draft":
        return cls(segment.size, list(segment.blocks()))

    @property
    def weight(self) -> int:
        """Its bytes."""
        return sum(len(data) for _, data in self.blocks)


class _Drafter:
    """Keeps a vocabulary, for one thread at a time."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._vocabulary = Vocabulary()

    def segments_of(self, entries: Iterable[str]) -> list[Segment]:
        """Segments of entries as `spelled` gives them, in order."""
        with self._turn:
            if self._vocabulary.is_full:
                self._vocabulary = Vocabulary()
            return list(segments_of(entries, self._vocabulary))


_drafter = _Drafter()


def drafts_of(entries: Iterable[Sequence[str]]) -> list[Draft]:
    """Drafts of entries by their texts, in order: one, unless they are very many or very long."""
    return drafts_of_spelled(map(spelled, entries))


def drafts_of_spelled(entries: Iterable[str]) -> list[Draft]:
    """As `drafts_of`, of entries as `spelled` gives them."""
    return list(map(Draft.of, _drafter.segments_of(entries)))


def sums_of(entries: Iterable[Sequence[str]]) -> Sums:
    """The sums of entries by their texts."""
    segments = _drafter.segments_of(map(spelled, entries))
    return np.concatenate([np.zeros(0, np.uint64), *(segment.sums() for segment in segments)])
