"""The workspace of a Gemini CLI session: its files name the project by a short name or a hash only."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from storage.documents.formats.file_walk import FileWalk, is_regular_file
from storage.documents.formats.gemini.entry_content import is_context
from storage.documents.formats.google_content import joined_text, parts_of
from storage.documents.formats.json_values import as_list, as_object, as_text, json_text, parse_json
from storage.documents.formats.transcript_format import TranscriptReader

PROJECTS = "projects.json"
"""The file of the home that maps each workspace to the name of its folder."""

PROJECT_ROOT = ".project_root"
"""The file of a project's folder that holds its workspace."""

CHATS = "chats"

_CONTEXT_FOLDER = re.compile(r"^ {2}- (.+)$", re.MULTILINE)


def project_folder(name: str) -> str:
    """The project's folder of a transcript, as a path below the home."""
    parts = PurePosixPath(name).parts[:-1]
    depth = next((depth for depth in (1, 2) if parts[-depth:][:1] == (CHATS,)), 0)
    return "/".join(parts[: len(parts) - depth])


class WorkspaceFiles(NamedTuple):
    """The files that name the workspace of a project's transcripts: its own file, else its lines of the list of
    projects.

    `has_list` is false where the list could not be read.
    """

    companions: dict[str, Path]
    excerpts: dict[str, bytes]
    has_list: bool


class WorkspaceFinder:
    """Finds the files that tell workspaces. The list of a home's projects is read once, a project is looked at once."""

    def __init__(self, walk: FileWalk) -> None:
        self._walk = walk
        self._lists: dict[Path, dict[str, object] | None] = {}
        self._found: dict[Path, WorkspaceFiles] = {}

    def files(self, home: Path, project: Path) -> WorkspaceFiles:
        """The files for a project's transcripts."""
        if project not in self._found:
            self._found[project] = self._find(home, project)
        return self._found[project]

    def _find(self, home: Path, project: Path) -> WorkspaceFiles:
        root = project / PROJECT_ROOT
        if is_regular_file(root):
            return WorkspaceFiles({root.relative_to(home).as_posix(): root}, {}, True)
        if home not in self._lists:
            self._lists[home] = self._read(home / PROJECTS)
        listed = self._lists[home]
        own = {path: name for path, name in (listed or {}).items() if project.name in (name, _hash(path))}
        excerpts = {PROJECTS: json_text({"projects": own}).encode()} if own else {}
        return WorkspaceFiles({}, excerpts, listed is not None)

    def _read(self, file: Path) -> dict[str, object] | None:
        try:
            return _listed(file.read_bytes()) if is_regular_file(file) else {}
        except OSError as error:
            self._walk.refuse(file, error)
            return None


def _listed(data: bytes | None) -> dict[str, object]:
    return as_object(as_object(parse_json(data or b"{}")).get("projects"))


def workspace_of(transcript: TranscriptReader, header: dict[str, object], records: Iterable[dict[str, object]]) -> str:
    """The workspace by the file beside the transcript or the list of projects, else by its hash; else empty."""
    folder = project_folder(transcript.name)
    root = transcript.companion(f"{folder}/{PROJECT_ROOT}")
    if root is not None and root.strip():
        return root.decode(errors="replace").strip()
    projects = _listed(transcript.companion(PROJECTS))
    name = PurePosixPath(folder).name
    for path, short_name in projects.items():
        if short_name == name:
            return path
    hashes = {as_text(header.get("projectHash")), name}
    candidates = [*projects, *map(as_text, as_list(header.get("directories"))), *_context_folders(records)]
    return next((path for path in candidates if path and _hash(path) in hashes), "")


def _context_folders(records: Iterable[dict[str, object]]) -> list[str]:
    """The folders that the program's note on its context lists."""
    for record in records:
        if is_context(record):
            text = joined_text(parts_of(record.get("content")))
            return [match.strip() for match in _CONTEXT_FOLDER.findall(text)]
    return []


def _hash(path: str) -> str:
    return hashlib.sha256(path.encode(errors="replace")).hexdigest()
