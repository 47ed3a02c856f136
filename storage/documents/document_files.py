"""Session documents as files: which files below a folder hold sessions, and which agent wrote each."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from storage.documents.document import Document
from storage.documents.formats import read_document
from storage.documents.formats.agent_json import CODEWHALE, ZAGENS
from storage.json_codec import parse_document

# zagens and CodeWhale keep these beside their sessions.
_IGNORED_FILES = {"latest.json", "offline_queue.json", "session_boot_owners.json"}
_IGNORED_FOLDERS = {"checkpoints"}
_FOLDER_SOURCES = {"zagens": ZAGENS, ".zagens": ZAGENS, "codewhale": CODEWHALE, ".codewhale": CODEWHALE}


def document_paths(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the named files and every session document below the named folders, sorted. Raises OSError."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, folders, files in os.walk(path, onerror=_raise):
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _IGNORED_FOLDERS)
            for name in sorted(files):
                if name.endswith(".json") and not name.startswith(".") and name not in _IGNORED_FILES:
                    yield Path(folder, name)


def _raise(error: OSError) -> None:
    raise error


def read_file(path: Path, source: str | None = None) -> Document:
    """Read the session document in a file. Raises InvalidDocument, InvalidId and OSError."""
    return read_document(parse_document(path.read_bytes()), source or source_by_folder(path))


def source_by_folder(path: Path) -> str | None:
    """The agent that the nearest parent folder is named after, for documents without keys of one agent."""
    for part in reversed(path.absolute().parts[:-1]):
        if part in _FOLDER_SOURCES:
            return _FOLDER_SOURCES[part]
    return None
