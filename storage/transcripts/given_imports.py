"""Import of a session that a client sends as a whole: as a JSON value, or as the text of its agent's file."""

from typing import NamedTuple

from storage.cancellation import run_in_cancellable_thread
from storage.database.database import Database
from storage.documents.document import Document
from storage.documents.formats import read_document
from storage.documents.formats.registry import FORMATS
from storage.documents.formats.transcript_format import TranscriptFormat
from storage.documents.imports import import_document
from storage.json_codec import dump, parse_document, storable, storable_text
from storage.transcripts.text_imports import import_transcript, recognized_format


class GivenImport(NamedTuple):
    """The outcome as `import_document` returns it, and the session's id and agent."""

    outcome: str
    id: str
    source: str


class _Lines(NamedTuple):
    format: TranscriptFormat
    data: bytes


async def import_given(database: Database, document: object, text: str | None, source: str | None) -> GivenImport:
    """Import the text of a file, or a JSON value if `text` is None.

    `source` is the agent that wrote it; None detects it. Raises InvalidDocument, InvalidId and Unavailable.
    """
    read = await run_in_cancellable_thread(_read, document, text, source)
    if isinstance(read, Document):
        return GivenImport(await import_document(database, read), read.id, read.source)
    imported = await import_transcript(database, read.format, read.data)
    assert imported.session_id is not None
    return GivenImport(imported.outcome, imported.session_id, read.format.source)


def _read(document: object, text: str | None, source: str | None) -> Document | _Lines:
    if text is not None:
        data = text.encode(errors="surrogatepass")
        if (format := recognized_format(FORMATS, data, source)) is not None:
            return _Lines(format, data)
        # Lone surrogates, which variables may have, are written as escapes and replaced when the text is parsed.
        return read_document(parse_document(storable_text(text).encode()), source)
    value = storable(document)
    if source in FORMATS or (source is None and not _is_document(value)):
        data = _written(value)
        if (format := recognized_format(FORMATS, data, source)) is not None:
            return _Lines(format, data)
    return read_document(value, source)


def _is_document(value: object) -> bool:
    return isinstance(value, dict) and "metadata" in value and "messages" in value


def _written(value: object) -> bytes:
    """The value as its agent writes it: a list line by line."""
    lines = value if isinstance(value, list) else [value]
    return "".join(f"{dump(line)}\n" for line in lines).encode()
