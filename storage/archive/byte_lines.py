"""The lines of a transcript, over any way of reading its bytes."""

from collections.abc import Callable, Iterator

from storage.archive.line import Line
from storage.cancellation import check_cancelled

_BLOCK_BYTES = 2**20
_WINDOW_BYTES = 2**16


class ByteLines:
    """The lines of `size` bytes, which `read` returns by their offset and count. Not for several threads at once.

    Raises WorkCancelled.
    """

    def __init__(self, read: Callable[[int, int], bytes], size: int) -> None:
        self.size = size
        self._read = read
        # Bytes that were read last for `line`, and where they begin.
        self._window, self._window_start = b"", 0

    def lines(self) -> Iterator[Line]:
        """All lines in order, one at a time; empty lines are left out."""
        start = offset = 0
        # Often only the first lines are asked for.
        block = _WINDOW_BYTES
        pending: list[bytes] = []
        while offset < self.size:
            check_cancelled()
            first, *others = self._read(offset, min(block, self.size - offset)).split(b"\n")
            offset, block = offset + block, _BLOCK_BYTES
            pending.append(first)
            if not others:
                continue
            data = b"".join(pending)
            if data and data != b"\r":
                yield Line(start, data)
            start += len(data) + 1
            pending = [others.pop()]
            for data in others:
                if data and data != b"\r":
                    yield Line(start, data)
                start += len(data) + 1
        if (data := b"".join(pending)) and data != b"\r":
            yield Line(start, data)

    def line(self, offset: int) -> bytes:
        """The line that begins at an offset, without the line end."""
        begin = offset - self._window_start
        if 0 <= begin < len(self._window) and (end := self._window.find(b"\n", begin)) >= 0:
            return self._window[begin:end]
        pieces: list[bytes] = []
        count = _WINDOW_BYTES
        while offset < self.size:
            piece = self._read(offset, min(count, self.size - offset))
            if (end := piece.find(b"\n")) >= 0:
                self._window, self._window_start = piece, offset
                return b"".join([*pieces, piece[:end]])
            pieces.append(piece)
            offset += len(piece)
            count = _BLOCK_BYTES
        return b"".join(pieces)
