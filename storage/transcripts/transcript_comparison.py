"""Tells how the bytes of a file relate to those of an archived transcript."""

from collections.abc import Callable, Sequence
from enum import Enum, auto

from storage.archive.chunk import chunk_digest
from storage.archive.transcripts import ChunkDigest


class Relation(Enum):
    """The relation of a file to an archived transcript."""

    SAME_OR_GROWN = auto()
    """It begins with all bytes of the transcript."""
    OLDER = auto()
    """The transcript begins with all bytes of the file, and is longer."""
    OTHER = auto()


def compare(
    read: Callable[[int, int], bytes],
    size: int,
    chunks: Sequence[ChunkDigest],
    archived: Callable[[int, int], bytes],
) -> Relation:
    """Compare the first `size` bytes that `read` returns with the chunks of a transcript, and `archived` reads it."""
    for start, length, digest in chunks:
        if start >= size:
            return Relation.OLDER
        common = min(length, size - start)
        data = read(start, common)
        if common == length:
            if chunk_digest(data) != digest:
                return Relation.OTHER
        else:
            return Relation.OLDER if archived(start, common) == data else Relation.OTHER
    return Relation.SAME_OR_GROWN
