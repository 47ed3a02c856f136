"""The workspace of a Gemini CLI session: its files name the project by a short name or a hash only."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from storage.documents.formats.file_walk import is_regular_file
from storage.documents.formats.google_content import joined_text, parts_of
from storage.documents.formats.json_values import as_list, as_object, as_text, json_text, parse_json
from storage.documents.formats.transcript_format import Transcript

PROJECTS = "projects.json"
"""The file of the home that maps each workspace to the name of its folder."""

PROJECT_ROOT = ".project_root"
"""The file of a project's folder that holds its workspace."""

CHATS = "chats"

_CONTEXT_FOLDER = re.compile(r"^ {2}- (.+)$", re.MULTILINE)


def project_folder(name: str) -> str:
    """The project's folder of a transcript, as a path below the home."""
    parts = PurePosixPath(name).parts
    place = len(parts) - 3 if len(parts) > 2 and parts[-3] == CHATS else len(parts) - 2
    return "/".join(parts[: max(place, 0)])


def workspace_files(home: Path, project: Path) -> tuple[dict[str, Path], dict[str, bytes]]:
    """The files that tell the workspace of a project's transcripts: its own one, else its lines of the list."""
    root = project / PROJECT_ROOT
    if is_regular_file(root):
        return {root.relative_to(home).as_posix(): root}, {}
    own = {path: name for path, name in _projects(home).items() if project.name in (name, _hash(path))}
    return {}, {PROJECTS: json_text({"projects": own}).encode()} if own else {}


def _projects(home: Path) -> dict[str, object]:
    listed = home / PROJECTS
    return _listed(listed.read_bytes()) if is_regular_file(listed) else {}


def _listed(data: bytes | None) -> dict[str, object]:
    return as_object(as_object(parse_json(data or b"{}")).get("projects"))


def workspace_of(transcript: Transcript, header: dict[str, object], records: Iterable[dict[str, object]]) -> str:
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
    """The folders that the program's note on its context lists, which it puts first into a session."""
    for record in records:
        text = joined_text(parts_of(record.get("content")))
        if text.lstrip().startswith("<session_context>"):
            return [match.strip() for match in _CONTEXT_FOLDER.findall(text)]
    return []


def _hash(path: str) -> str:
    return hashlib.sha256(path.encode(errors="replace")).hexdigest()
