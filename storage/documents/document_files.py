"""Session documents as they lie on a disk."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from storage.documents.document import Document
from storage.documents.formats import read_document
from storage.documents.formats.agent_json import CODEWHALE, ZAGENS
from storage.json_codec import parse_document

# Files and folders that zagens and CodeWhale keep beside their sessions.
_OTHER_FILES = {"latest.json", "offline_queue.json", "session_boot_owners.json"}
_OTHER_FOLDERS = {"checkpoints"}
_FOLDER_SOURCES = {"zagens": ZAGENS, ".zagens": ZAGENS, "codewhale": CODEWHALE, ".codewhale": CODEWHALE}


def document_paths(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and every session document below the folders named, in order. Raises OSError."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, folders, files in os.walk(path, onerror=_raise):
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _OTHER_FOLDERS)
            for name in sorted(files):
                if name.endswith(".json") and not name.startswith(".") and name not in _OTHER_FILES:
                    yield Path(folder, name)


def _raise(error: OSError) -> None:
    raise error


def read_file(path: Path, source: str | None = None) -> Document:
    """The session in a file. Raises InvalidDocument, InvalidId and OSError."""
    return read_document(parse_document(path.read_bytes()), source or source_by_folder(path))


def source_by_folder(path: Path) -> str | None:
    """The agent whose folder a file lies in, for documents that do not tell by themselves."""
    for part in reversed(path.absolute().parts[:-1]):
        if part in _FOLDER_SOURCES:
            return _FOLDER_SOURCES[part]
    return None
