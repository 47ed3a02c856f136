"""Compression with zstd."""

import threading
from collections.abc import Callable
from typing import IO, Any

import zstandard

# Level 3 compresses transcripts to 0.28 of their size, level 1 to 0.30 in two thirds of the time.
_LEVEL = 3


class _Contexts(threading.local):
    """The contexts of a thread, which only one call may use at a time. Making one takes longer than compressing a small
    text.
    """

    def __init__(self) -> None:
        self.decompressor = zstandard.ZstdDecompressor()
        self.compressors: dict[int, zstandard.ZstdCompressor] = {}


_contexts = _Contexts()
# The frame of an empty content, at any level.
_EMPTY = zstandard.compress(b"")


def compress(data: bytes, level: int = _LEVEL) -> bytes:
    """One zstd frame."""
    compressor = _contexts.compressors.get(level)
    if compressor is None:
        compressor = _contexts.compressors[level] = zstandard.ZstdCompressor(level)
    return compressor.compress(data)


def decompress(data: bytes) -> bytes:
    """The content of a zstd frame that `compress` made. Raises ValueError when it is damaged."""
    try:
        plain = _contexts.decompressor.decompress(data, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from None
    except MemoryError:
        # A damaged head may state any size.
        raise ValueError("the size of its content is too large") from None
    if not plain and data != _EMPTY:
        # The decompressor looks no further when the head states an empty content.
        raise ValueError("its content is not empty")
    return plain


def content_size(data: bytes) -> int:
    """The size of a frame's content as its head states it; 0 when that is damaged."""
    try:
        return max(zstandard.frame_content_size(data), 0)
    except zstandard.ZstdError:
        return 0


_BLOCK_BYTES = 2**20


class _Source:
    """A file for the decompressor: `size` bytes, which `read` returns by their offset and count."""

    def __init__(self, read: Callable[[int, int], bytes], size: int) -> None:
        self._read = read
        self._size = size
        self._offset = 0

    def read(self, count: int) -> bytes:
        data = self._read(self._offset, min(count, self._size - self._offset))
        self._offset += len(data)
        return data


def decompress_file(read: Callable[[int, int], bytes], size: int, target: IO[bytes]) -> int:
    """Write the content of zstd frames to a file, and return its size. The last frame may be cut off.

    Raises OSError for what is not zstd. `read` returns compressed bytes by their offset and count.
    """
    written = 0
    source: Any = _Source(read, size)
    try:
        reader = zstandard.ZstdDecompressor().stream_reader(source, _BLOCK_BYTES, read_across_frames=True)
        while plain := reader.read(_BLOCK_BYTES):
            written += len(plain)
            target.write(plain)
    except zstandard.ZstdError as error:
        raise OSError(f"Not zstd: {error}") from None
    return written
