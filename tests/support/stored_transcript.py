"""A transcript in memory, for tests of formats."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import orjson

from storage.documents.formats.transcript_format import FoundTranscript, Line, TranscriptReader


class StoredTranscript:
    """The bytes of a transcript up to its last whole line."""

    modified_at = datetime(2026, 11, 28, 12, tzinfo=UTC)

    def __init__(
        self,
        name: str,
        data: bytes,
        companions: Mapping[str, bytes] | None = None,
        bases: Mapping[str, TranscriptReader] | None = None,
    ) -> None:
        self.name = name
        self.data = data
        self._companions = companions or {}
        self._bases = bases or {}

    @classmethod
    def found(cls, found: FoundTranscript) -> "StoredTranscript":
        """Read a transcript that was found, as the archive does."""
        data = found.path.read_bytes() if found.read is None else found.read() + b"\n"
        if found.read is None and not found.is_rewritten:
            data = data[: data.rfind(b"\n") + 1]
        named = {} if found.named_files is None else found.named_files.found_in(data.split(b"\n"))
        companions = {name: path.read_bytes() for name, path in {**named, **found.companions}.items()}
        return cls(found.name, data, {**companions, **found.excerpts})

    @classmethod
    def of(cls, name: str, *records: object, **companions: bytes) -> "StoredTranscript":
        """A transcript of records, one a line."""
        return cls(name, b"".join(orjson.dumps(record) + b"\n" for record in records), companions)

    def lines(self) -> Iterator[Line]:
        offset = 0
        for data in self.data.split(b"\n"):
            line = data.rstrip(b"\r")
            if line:
                yield Line(offset, line)
            offset += len(data) + 1

    def line(self, offset: int) -> bytes:
        end = self.data.find(b"\n", offset)
        return self.data[offset : len(self.data) if end < 0 else end].rstrip(b"\r")

    def companion(self, name: str) -> bytes | None:
        return self._companions.get(name)

    def base(self, key: str) -> TranscriptReader | None:
        return self._bases.get(key)

    def with_data(self, data: bytes) -> "StoredTranscript":
        """The same transcript with other bytes."""
        return StoredTranscript(self.name, data, self._companions, self._bases)

    def cut(self, end: int) -> "StoredTranscript":
        """The transcript as it was when it had so many bytes."""
        return self.with_data(self.data[:end])
