"""Import of a transcript that is given as a whole, not as a file below a home."""

from collections.abc import Mapping
from pathlib import Path

from storage.database.database import Database
from storage.documents.formats.recognition import HEAD_BYTES, TAIL_BYTES, name_of, source_of
from storage.documents.formats.transcript_format import FoundTranscript, TranscriptFormat
from storage.documents.outcomes import EMPTY
from storage.errors import InvalidDocument
from storage.search.index.compaction import compact
from storage.transcripts.transcript_import import import_one
from storage.transcripts.transcript_imports import derive_dependents
from storage.transcripts.transcript_writer import Imported


def recognized_format(
    formats: Mapping[str, TranscriptFormat], data: bytes, source: str | None
) -> TranscriptFormat | None:
    """The format of a transcript: that of its agent, or by its first lines; None if it is no transcript."""
    return formats.get(source_of(data[:HEAD_BYTES]) or "" if source is None else source)


async def import_transcript(database: Database, format: TranscriptFormat, data: bytes) -> Imported:
    """Import the bytes of a transcript, like a file that is named: also of a session that was deleted here.

    Raises InvalidDocument when they hold no session, and Unavailable.
    """
    if not data:
        raise InvalidDocument("The transcript is empty.")
    name = name_of(data[-TAIL_BYTES:]) or "transcript.jsonl"
    found = FoundTranscript(Path(name), name, read=lambda: data)
    imported = await import_one(database, format, found, leave_deleted=False, is_registered=False)
    if imported.session_id is None or imported.outcome == EMPTY:
        raise InvalidDocument(f"No session of {format.agent} was found in the transcript.")
    await derive_dependents(database, format, set(imported.keys))
    await compact(database)
    return imported
