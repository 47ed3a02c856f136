"""Drafts: segments built outside the transaction that writes them, in a thread or another process."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from typing import NamedTuple, TypeVar

import numpy as np

from storage.search.index.pieces import encode_entry
from storage.search.index.segment import Checksums, Segment, build_segments
from storage.search.index.vocabulary import Vocabulary

A = TypeVar("A")
T = TypeVar("T")


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


class DraftCancelled(Exception):
    """The request that drafts were made for has ended."""


_cancelled: ContextVar[threading.Event | None] = ContextVar("_cancelled", default=None)
# Vocabularies that no thread is using.
_vocabularies: list[Vocabulary] = []


async def run_in_cancellable_thread(function: Callable[[A], T], argument: A) -> T:
    """As asyncio.to_thread. When the calling task is cancelled, drafting in the thread stops within a moment."""
    cancelled = threading.Event()
    _cancelled.set(cancelled)
    try:
        return await asyncio.to_thread(function, argument)
    finally:
        cancelled.set()
        _cancelled.set(None)


def _build(entries: Iterable[str]) -> Iterator[Segment]:
    """Segments of encoded entries, in order. Raises DraftCancelled."""
    cancelled = _cancelled.get()

    def check() -> None:
        if cancelled is not None and cancelled.is_set():
            raise DraftCancelled

    try:
        vocabulary = _vocabularies.pop()
    except IndexError:
        vocabulary = Vocabulary()
    yield from build_segments(entries, vocabulary, check)
    if not vocabulary.is_full:
        _vocabularies.append(vocabulary)


def draft_entries(entries: Iterable[Sequence[str]]) -> list[Draft]:
    """Drafts of entries, each given by its texts: one draft, unless they are very many or very long."""
    return draft_encoded(map(encode_entry, entries))


def draft_encoded(entries: Iterable[str]) -> list[Draft]:
    """As `draft_entries`, of entries that `encode_entry` encoded."""
    return list(map(Draft.from_segment, _build(entries)))


def entry_checksums(entries: Iterable[Sequence[str]]) -> Checksums:
    """The checksum of each entry's terms."""
    checksums = (segment.checksums() for segment in _build(map(encode_entry, entries)))
    return np.concatenate([np.zeros(0, np.uint64), *checksums])
