"""Where the bytes of a transcript come from: the file itself while it is being read, or the chunks of the archive."""

import os
import stat
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from storage.archive.chunk import CHUNK_BYTES
from storage.compression import decompress
from storage.errors import Unreadable

_CACHED_CHUNKS = 4
_BLOCK_BYTES = 2**16


def end_of_lines(read: Callable[[int, int], bytes], size: int) -> int:
    """The number of bytes up to the last line end among the first `size` bytes."""
    while size > 0:
        start = max(0, size - _BLOCK_BYTES)
        if (found := read(start, size - start).rfind(b"\n")) >= 0:
            return start + found + 1
        size = start
    return 0


class NotAFile(OSError):
    """A pipe, device, socket or folder where a file was expected."""


class FileBytes:
    """The bytes of an open file. It is not locked, and may grow meanwhile."""

    def __init__(self, path: Path) -> None:
        """Raises OSError; NotAFile if there is no regular file at `path`, or a link."""
        # Looked at before it is opened: opening a device may have effects, and opening a FIFO waits for its writer.
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise NotAFile("Not a regular file.")
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        self._file = os.open(path, flags)
        self.stat = os.fstat(self._file)
        if not stat.S_ISREG(self.stat.st_mode):
            os.close(self._file)
            raise NotAFile("Not a regular file.")

    def __enter__(self) -> "FileBytes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def read(self, offset: int, count: int) -> bytes:
        """`count` bytes from an offset on. Raises OSError if the file has become shorter."""
        data = _read_at(self._file, count, offset)
        while len(data) < count:
            more = _read_at(self._file, count - len(data), offset + len(data))
            if not more:
                raise OSError("The file was cut while it was read.")
            data += more
        return data


if hasattr(os, "pread"):
    _read_at = os.pread
else:  # Windows has no pread; a file is read by one thread at a time.

    def _read_at(file: int, count: int, offset: int, /) -> bytes:
        os.lseek(file, offset, os.SEEK_SET)
        return os.read(file, count)


class ChunkBytes:
    """The bytes of an archived transcript; `fetch` returns the compressed chunk that begins at an offset.

    Reading raises Unreadable when a chunk is damaged.
    """

    def __init__(self, fetch: Callable[[int], bytes]) -> None:
        self._fetch = fetch
        self._chunks: OrderedDict[int, bytes] = OrderedDict()

    def read(self, offset: int, count: int) -> bytes:
        """`count` bytes from an offset on."""
        start = offset - offset % CHUNK_BYTES
        pieces = [
            self._chunk(chunk)[max(0, offset - chunk) : offset + count - chunk]
            for chunk in range(start, offset + count, CHUNK_BYTES)
        ]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _chunk(self, start: int) -> bytes:
        if start in self._chunks:
            self._chunks.move_to_end(start)
        else:
            try:
                self._chunks[start] = decompress(self._fetch(start))
            except ValueError:
                raise Unreadable("A part of an archived transcript is damaged.") from None
            if len(self._chunks) > _CACHED_CHUNKS:
                self._chunks.popitem(last=False)
        return self._chunks[start]
