"""The kept beginnings of transcripts whose sessions were deleted: companions of the transcripts that continue them."""

from pathlib import PurePosixPath

from storage.archive.companions import companion_digests, read_companion
from storage.archive.transcript_rows import NewCompanion, TranscriptRow
from storage.database.transaction import DatabaseConnection


def kept_base(transcript_id: int, key: str, name: str, content: bytes) -> NewCompanion:
    """The companion of a transcript that has the beginning of another one, which it asks for by a key."""
    return NewCompanion.make(transcript_id, name if _has_key(name, key) else f"{key}.jsonl", content)


async def read_kept_base(connection: DatabaseConnection, row: TranscriptRow, key: str) -> tuple[str, bytes] | None:
    """The name and the content of the transcript with a key that is kept with another one; None if none is kept."""
    names = await companion_digests(connection, row)
    name = next((name for name in sorted(names) if _has_key(name, key)), None)
    content = None if name is None else await read_companion(connection, row, name)
    return None if name is None or content is None else (name, content)


def _has_key(name: str, key: str) -> bool:
    """Whether a name ends with a key, as those of the files that can be continued do."""
    return PurePosixPath(name).stem.endswith(key)
