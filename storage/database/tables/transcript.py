"""The archive of agents' transcripts, and the registry of the files that they were read from."""

from datetime import datetime

import sqlalchemy as sa

from storage.database.tables.table import Table, column, table_of
from storage.database.types import Instant, KeyText


class Transcript(Table, table=True):
    """An agent's transcript in the archive. A file that was replaced or rewritten begins another generation of it.

    `name` is the path below the agent's home, `size` counts the bytes that are stored, `modified_at` is when the file
    was last changed. `session_id` is null while the transcript belongs to no session. `is_derived` is false while the
    session's rows lack something of the transcript.
    """

    id: int = column(sa.BigInteger, primary_key=True, autoincrement=False)
    source: str = column(sa.Text)
    name: str = column(KeyText)
    generation: int = column(sa.Integer)
    session_id: str | None = column(KeyText, nullable=True, index=True)
    is_rewritten: bool = column(sa.Boolean)
    is_derived: bool = column(sa.Boolean)
    modified_at: datetime = column(Instant)
    size: int = column(sa.BigInteger)

    __table_args__ = (sa.UniqueConstraint("name", "source", "generation", name="transcript_name_key"),)


class TranscriptChunk(Table, table=True):
    """Bytes of a transcript from `start` on: `size` of them, compressed with zstd. `digest` is that of the plain bytes.

    All chunks of a transcript but its last have the same size.
    """

    transcript_id: int = column(sa.BigInteger, primary_key=True, autoincrement=False)
    start: int = column(sa.BigInteger, primary_key=True, autoincrement=False)
    size: int = column(sa.Integer)
    digest: bytes = column(sa.LargeBinary)
    data: bytes = column(sa.LargeBinary)


class TranscriptCompanion(Table, table=True):
    """A file that belongs to a transcript, by its path below the agent's home; compressed with zstd."""

    transcript_id: int = column(sa.BigInteger, primary_key=True, autoincrement=False)
    name: str = column(KeyText, primary_key=True)
    digest: bytes = column(sa.LargeBinary)
    data: bytes = column(sa.LargeBinary)


class TranscriptKey(Table, table=True):
    """A key by which transcripts refer to one another: the transcript's own, or that of one that it continues."""

    key: str = column(KeyText, primary_key=True)
    source: str = column(sa.Text, primary_key=True)
    is_own: bool = column(sa.Boolean, primary_key=True)
    transcript_id: int = column(sa.BigInteger, primary_key=True, autoincrement=False, index=True)


class TranscriptFile(Table, table=True):
    """A file below an agent's home as it was read last, to tell whether it has changed since.

    `taken` counts the bytes that were stored of it; the hashes are those of the first and the last of them. A
    transcript in a database has a fingerprint instead, and shares its path with others.
    """

    path: bytes = column(sa.LargeBinary, primary_key=True)
    name: str = column(KeyText, primary_key=True)
    source: str = column(sa.Text)
    transcript_id: int = column(sa.BigInteger, index=True)
    is_companion: bool = column(sa.Boolean)
    device: int = column(sa.BigInteger)
    inode: int = column(sa.BigInteger)
    size: int = column(sa.BigInteger)
    mtime_ns: int = column(sa.BigInteger)
    taken: int = column(sa.BigInteger)
    head_hash: bytes = column(sa.LargeBinary)
    tail_hash: bytes = column(sa.LargeBinary)
    fingerprint: str = column(sa.Text)


transcript = table_of(Transcript)
transcript_chunk = table_of(TranscriptChunk)
transcript_companion = table_of(TranscriptCompanion)
transcript_key = table_of(TranscriptKey)
transcript_file = table_of(TranscriptFile)
