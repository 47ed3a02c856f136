"""The rows of transcripts, without any database."""

import secrets
from datetime import datetime
from typing import NamedTuple

from storage.archive.chunk import chunk_digest
from storage.compression import compress


class TranscriptRow(NamedTuple):
    """A generation of a transcript, see `storage.database.tables.transcript.Transcript`."""

    id: int
    source: str
    name: str
    generation: int
    session_id: str | None
    is_rewritten: bool
    is_derived: bool
    modified_at: datetime
    size: int


def new_transcript_id() -> int:
    """An id for a transcript, random, so that no counter is needed."""
    return secrets.randbits(62)


class NewCompanion(NamedTuple):
    """A companion to store; `data` is compressed."""

    transcript_id: int
    name: str
    digest: bytes
    data: bytes

    @classmethod
    def make(cls, transcript_id: int, name: str, content: bytes) -> "NewCompanion":
        """The companion with this content."""
        return cls(transcript_id, name, chunk_digest(content), compress(content))


class KeyRow(NamedTuple):
    """A key of a transcript, see `storage.database.tables.transcript.TranscriptKey`."""

    key: str
    source: str
    is_own: bool
    transcript_id: int
