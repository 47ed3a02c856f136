"""The outcomes of imports."""

from pathlib import Path
from typing import NamedTuple

CREATED = "CREATED"
UPDATED = "UPDATED"
UNCHANGED = "UNCHANGED"
OUTDATED = "OUTDATED"
CONFLICT = "CONFLICT"
DELETED = "DELETED"

EMPTY = "EMPTY"
"""The outcome for transcripts that hold no message."""

GONE = "GONE"
"""The outcome for files below a folder that were moved or removed after they had been found."""


class FileOutcome(NamedTuple):
    """The outcome for a document of `size` bytes, or None with the reason of its refusal."""

    path: Path
    size: int
    result: str | None
    reason: str = ""
