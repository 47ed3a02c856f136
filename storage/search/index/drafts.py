"""Drafts: segments built outside the transaction that writes them, in a thread or another process."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from storage.search.index.pieces import encode_entry
from storage.search.index.segment import Checksums, Segment, build_segments
from storage.search.index.vocabulary import Vocabulary


class SegmentDraft(NamedTuple):
    """A segment of `size` entries without their ids: its blocks, each with its first term."""

    size: int
    blocks: list[tuple[str, bytes]]

    @classmethod
    def from_segment(cls, segment: Segment) -> "SegmentDraft":
        return cls(segment.size, list(segment.blocks()))

    @property
    def weight(self) -> int:
        """Size in bytes."""
        return sum(len(data) for _, data in self.blocks)


# Vocabularies that no thread is using.
_vocabularies: list[Vocabulary] = []


def _build(entries: Iterable[str]) -> Iterator[Segment]:
    """Segments of encoded entries, in order. Raises WorkCancelled."""
    try:
        vocabulary = _vocabularies.pop()
    except IndexError:
        vocabulary = Vocabulary()
    yield from build_segments(entries, vocabulary)
    if not vocabulary.is_full:
        _vocabularies.append(vocabulary)


def draft_entries(entries: Iterable[Sequence[str]]) -> list[SegmentDraft]:
    """Drafts of entries, each given by its texts: one draft, unless they are very many or very long."""
    return draft_encoded(map(encode_entry, entries))


def draft_encoded(entries: Iterable[str]) -> list[SegmentDraft]:
    """As `draft_entries`, of entries that `encode_entry` encoded."""
    return list(map(SegmentDraft.from_segment, _build(entries)))


def entry_checksums(entries: Iterable[Sequence[str]]) -> Checksums:
    """The checksum of each entry's terms."""
    checksums = (segment.checksums() for segment in _build(map(encode_entry, entries)))
    return np.concatenate([np.zeros(0, np.uint64), *checksums])
