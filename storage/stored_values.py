"""Values in the form that SQLite stores, for processes that import no database as well."""

from datetime import UTC, datetime

from storage.compression import compress, decompress

LONG = 2_560
"""Length from which a text is compressed. Decompressing 1,000 characters takes as long as the rest of an answer with
them, and saves little space.
"""
# Higher levels do not make most messages smaller.
_COMPRESSION_LEVEL = 1
_OFFSET_LENGTH = len("+00:00")


def instant_text(value: datetime) -> str:
    """The moment in RFC 3339, in UTC with six fractional digits: texts sort as the moments do."""
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(timespec="microseconds")[:-_OFFSET_LENGTH] + "Z"


def stored_text(text: str) -> str | bytes:
    """A text as SQLite stores it: a zstd frame if it is long."""
    return text if len(text) < LONG else compress(text.encode(), _COMPRESSION_LEVEL)


def decompressed_text(stored: str | bytes) -> str:
    """The text of what `stored_text` returned; an empty one, which is no JSON, when the frame is damaged."""
    if isinstance(stored, str):
        return stored
    try:
        return decompress(stored).decode()
    except ValueError:
        return ""
