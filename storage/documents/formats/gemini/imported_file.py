"""Sessions that were begun from the file of another one, with `gemini --session-file`: they have a copy of it."""

import re
from datetime import datetime
from typing import NamedTuple

from storage.documents.formats.gemini.entry_content import NOTICES
from storage.documents.formats.json_values import as_text, as_time

_ID = "import-"
_NOTICE = "Imported session from "
_FILE = re.compile(r"([^/\\]+)\.jsonl?")


class ImportedFile(NamedTuple):
    """The file that a session was begun from, by its name without the suffix, and when: older records are copies."""

    name: str
    imported_at: datetime | None

    def is_copy(self, record: dict[str, object]) -> bool:
        """Whether a record comes from that file."""
        time = as_time(record.get("timestamp"))
        return time is not None and self.imported_at is not None and time < self.imported_at


def imported_file(record: dict[str, object]) -> ImportedFile | None:
    """The file that a record says the session was begun from; None for any other record."""
    content = as_text(record.get("content"))
    if (
        record.get("type") not in NOTICES
        or not as_text(record.get("id")).startswith(_ID)
        or not content.startswith(_NOTICE)
    ):
        return None
    file = _FILE.search(content)
    return ImportedFile(file[1] if file else "", as_time(record.get("timestamp")))
