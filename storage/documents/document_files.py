"""Session documents as files: which files below a folder hold sessions, which agent wrote each, and their content."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from storage.documents.document import Document
from storage.documents.formats import read_document
from storage.documents.formats.agent_json import CODEWHALE, ZAGENS
from storage.documents.formats.file_walk import LINK
from storage.errors import InvalidDocument
from storage.json_codec import parse_document

MAX_FILE_BYTES = 256 * 2**20
"""Size beyond which a file is refused: parsing takes several times its size in memory."""

# zagens and CodeWhale keep these beside their sessions.
_IGNORED_FILES = {"latest.json", "offline_queue.json", "session_boot_owners.json"}
# They hold secrets, and are opened only when they are named.
_CREDENTIALS = {"auth.json", "credentials.json", "oauth_creds.json", "mcp-oauth-tokens.json"}
_IGNORED_FOLDERS = {"checkpoints"}
# The agents' home folders, which have their sessions in `sessions`. CodeWhale's was `.deepseek` once.
_HOMES = {".zagens": ZAGENS, ".codewhale": CODEWHALE, ".deepseek": CODEWHALE}
_FOLDER_SOURCES = {"zagens": ZAGENS, "codewhale": CODEWHALE, **_HOMES}


class FoundFiles(NamedTuple):
    """The result of a walk over files and folders.

    `walked` has those of `paths` that were not named themselves, `refused` the folders that could not be read and an
    agent's folders that are links, with the reason. `passed_over` counts the JSON files of an agent that lie in a known
    place and are not sessions.
    """

    paths: list[Path]
    walked: frozenset[Path]
    refused: list[tuple[Path, str]]
    passed_over: int


def find_files(paths: Iterable[Path]) -> FoundFiles:
    """Find the named files and every session document below the named folders, sorted by folder and name."""
    found: list[Path] = []
    named: set[Path] = set()
    refused: list[tuple[Path, str]] = []
    passed_over = 0

    def refuse(error: OSError) -> None:
        refused.append((Path(error.filename), error.strerror or str(error)))

    for path in paths:
        if not path.is_dir():
            found.append(path)
            named.add(path)
            continue
        for folder, folders, files in os.walk(path, onerror=refuse):
            names = sorted(name for name in files if name.endswith(".json") and not name.startswith("."))
            refused += [(Path(folder, name), LINK) for name in folders if _is_linked_home(Path(folder, name))]
            walked = sorted(name for name in folders if _is_walked(Path(folder), name))
            documents = [name for name in names if name not in _IGNORED_FILES | _CREDENTIALS]
            others = _other_folders(Path(folder), walked, set(files))
            if _is_home(Path(folder)):
                passed_over += len(documents)
                documents = []
            passed_over += sum(_count_documents(Path(folder, name)) for name in others)
            folders[:] = [name for name in walked if name not in others]
            found += [Path(folder, name) for name in documents]
    return FoundFiles(found, frozenset(found) - named, refused, passed_over)


def _is_home(folder: Path) -> bool:
    # Resolved, since the folder may be named `.` or by a link.
    return folder.resolve().name in _HOMES


def _is_linked_home(folder: Path) -> bool:
    """Whether a folder is a link that would have an agent's sessions if links were followed."""
    return folder.is_symlink() and (folder.name in _HOMES or (folder.name == "sessions" and _is_home(folder.parent)))


def _is_walked(folder: Path, name: str) -> bool:
    if name.startswith("."):
        return name in _HOMES and not (folder / name).is_symlink()
    return name not in _IGNORED_FOLDERS


def _other_folders(folder: Path, names: Iterable[str], files: set[str]) -> set[str]:
    """The folders that hold other data of an agent: its home without `sessions`, a session's own, a runtime's store."""
    if _is_home(folder):
        return {name for name in names if name != "sessions"}
    return {
        name
        for name in names
        if f"{name}.json" in files or (name == "runtime" and (folder / name / "threads").is_dir())
    }


def _count_documents(folder: Path) -> int:
    if folder.is_symlink():
        # It may lead anywhere, and os.walk would follow it.
        return 0
    return sum(name.endswith(".json") for _, _, files in os.walk(folder) for name in files)


def read_file(path: Path, source: str | None = None) -> Document:
    """Read the session document in a file. Raises InvalidDocument, InvalidId and OSError."""
    return read_document(parse_document(_read_bytes(path)), source or source_by_folder(path))


def _read_bytes(path: Path) -> bytes:
    # Checked before it is opened: opening a device may have effects, and opening a FIFO waits for its writer.
    if not stat.S_ISREG(path.stat().st_mode):
        raise InvalidDocument("Not a regular file.")
    with open(path, "rb", opener=_open_without_waiting) as file:
        data = file.read(MAX_FILE_BYTES + 1) if os.fstat(file.fileno()).st_size <= MAX_FILE_BYTES else None
    if data is None or len(data) > MAX_FILE_BYTES:
        raise InvalidDocument(f"Larger than {MAX_FILE_BYTES // 2**20} MiB, the most that is read of a file.")
    return data


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def source_by_folder(path: Path) -> str | None:
    """The agent that the nearest parent folder is named after, for documents without keys of one agent."""
    for part in reversed(path.absolute().parts[:-1]):
        if part in _FOLDER_SOURCES:
            return _FOLDER_SOURCES[part]
    return None


def file_size(path: Path) -> int:
    """The bytes of a file, 0 if it is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
