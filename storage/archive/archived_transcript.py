"""A transcript as the formats read it, over the bytes of a file or of the archive."""

from collections.abc import Callable
from datetime import datetime

from storage.archive.byte_lines import ByteLines


class ArchivedTranscript(ByteLines):
    """The first `size` bytes of a transcript, its companions, and the transcripts that it continues.

    `companion` and `base` are looked up when a format asks for them. Not for several threads at once.
    """

    def __init__(
        self,
        name: str,
        modified_at: datetime,
        size: int,
        read: Callable[[int, int], bytes],
        companion: Callable[[str], bytes | None],
        base: Callable[[str], "ArchivedTranscript | None"],
    ) -> None:
        super().__init__(read, size)
        self.name = name
        self.modified_at = modified_at
        self._companion = companion
        self._base = base

    def companion(self, name: str) -> bytes | None:
        """The content of a file that belongs to the transcript, by its path below the home; None if there is none."""
        return self._companion(name)

    def base(self, key: str) -> "ArchivedTranscript | None":
        """Another transcript of the same agent by its key; None if it was never read."""
        return self._base(key)
