"""Chunks: the parts in which the bytes of a transcript are stored."""

import hashlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from storage.cancellation import check_cancelled
from storage.compression import compress

CHUNK_BYTES = 2**20
"""Plain bytes of each chunk but the last."""

_DIGEST_SIZE = 16


class Chunk(NamedTuple):
    """A chunk as it is stored; `digest` is that of the plain bytes, `data` is compressed."""

    start: int
    size: int
    digest: bytes
    data: bytes


def chunk_digest(plain: bytes) -> bytes:
    """The digest of a chunk's plain bytes."""
    return hashlib.blake2b(plain, digest_size=_DIGEST_SIZE).digest()


def first_changed_chunk(size: int) -> int:
    """Where the first chunk begins that an append to a transcript of `size` bytes adds or rewrites."""
    return size - size % CHUNK_BYTES


def make_chunks(read: Callable[[int, int], bytes], start: int, end: int) -> Iterator[Chunk]:
    """The chunks from `start`, where a chunk begins, to `end`; `read` returns bytes by their offset and count."""
    while start < end:
        check_cancelled()
        plain = read(start, min(CHUNK_BYTES, end - start))
        yield Chunk(start, len(plain), chunk_digest(plain), compress(plain))
        start += CHUNK_BYTES
