"""Where Claude Code keeps its transcripts below a home.

`projects/<folder>/<session>.jsonl` is a session. `projects/<folder>/<session>/` has what belongs to it: the transcripts
of subagents as `subagents/agent-<id>.jsonl`, also in folders of workflows below, each with its `.meta.json`; long
outputs of tools, and what servers answered in binary form, in `tool-results/`; `custom-title.json`. Older versions
write `agent-<id>.jsonl` beside the session.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from storage.documents.formats.file_walk import FileWalk
from storage.documents.formats.transcript_format import FoundTranscript, FoundTranscripts

_UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_SESSION_FOLDER = re.compile(_UUID)
_SESSION_FILE = re.compile(rf"({_UUID})\.jsonl")
_AGENT_FILE = re.compile(r"(agent-[A-Za-z0-9_-]+)\.jsonl")
_SUBAGENT = re.compile(rf"((?:.*/)?({_UUID}))/subagents/(?:.*/)?agent-[^/]+\.jsonl")
_AGENT_META = re.compile(r"agent-[A-Za-z0-9_-]+\.meta\.json")
_TOOL_RESULT = re.compile(r"[A-Za-z0-9_.-]+\.[A-Za-z0-9]+")
PROJECTS = "projects"
_TITLE_FILE = "custom-title.json"
_SUBAGENTS = "subagents"
_MAX_ID_LENGTH = 200
_MAX_DEPTH = 8


class TranscriptName(NamedTuple):
    """The parts of a transcript's name.

    `session` is the id of the session, or of a subagent's parent where the name has it. `agent` is the name of a
    subagent's file without its suffix. `folder` is the session's own folder, in which long outputs lie.
    """

    session: str | None
    agent: str | None
    folder: str

    def tool_result(self, name: str) -> str:
        """The path of a tool's long output below the home."""
        return f"{self.folder}/tool-results/{name}"

    def custom_title(self) -> str:
        """The path of the file with the title that the person gave."""
        return f"{self.folder}/{_TITLE_FILE}"


def place_of(name: str) -> TranscriptName:
    """The place of a transcript by its path below the home."""
    folder, _, file = name.rpartition("/")
    if match := _SUBAGENT.fullmatch(name):
        return TranscriptName(match[2], file.removesuffix(".jsonl"), match[1])
    if _AGENT_FILE.fullmatch(file):
        return TranscriptName(None, file.removesuffix(".jsonl"), folder)
    return TranscriptName(file.removesuffix(".jsonl"), None, name.removesuffix(".jsonl"))


def meta_name(name: str) -> str:
    """The path of the file that describes a subagent, by that of its transcript."""
    return f"{name.removesuffix('.jsonl')}.meta.json"


def team_of(session: str) -> str:
    """The name of the team that a session leads, by which agents in terminals of their own name it."""
    return f"session-{session[:8]}"


def subagent_id(session: str, agent: str) -> str:
    """The id of a subagent's session, made of its parent's and its own."""
    value = re.sub(r"[^A-Za-z0-9_-]", "_", f"{session}-{agent}")
    if len(value) <= _MAX_ID_LENGTH:
        return value
    digest = hashlib.blake2b(value.encode(), digest_size=8).hexdigest()
    return f"{value[: _MAX_ID_LENGTH - 17]}-{digest}"


def homes(environment: Mapping[str, str], user_home: Path) -> list[Path]:
    """CLAUDE_CONFIG_DIR, which may hold several paths between commas, or `~/.claude`."""
    value = environment.get("CLAUDE_CONFIG_DIR", "").strip()
    if not value:
        return [user_home / ".claude"]
    if os.path.isdir(value):  # noqa: PTH112 # Path.is_dir raises PermissionError.
        return [Path(value)]
    return [Path(path) for path in dict.fromkeys(filter(None, map(str.strip, value.split(","))))]


def find(home: Path) -> FoundTranscripts:
    """Find the transcripts in a home, in a folder of one, or a single one. Files outside `projects` are not entered."""
    home = Path(os.path.abspath(home))  # noqa: PTH100 # Path.resolve would follow links.
    if os.path.isfile(home):  # noqa: PTH113 # Path.is_file raises PermissionError.
        found = find(home.parent).transcripts
        return FoundTranscripts([transcript for transcript in found if transcript.path == home], 0)
    walk = _Walk(_base(home))
    if os.path.isdir(home / PROJECTS):  # noqa: PTH112 # Path.is_dir raises PermissionError.
        for entry in walk.files.entries(home):
            if entry.name == PROJECTS and entry.is_dir(follow_symlinks=False):
                walk.folder(Path(entry.path), 0)
            elif not entry.is_dir(follow_symlinks=False):
                walk.passed_over += 1
    elif _SESSION_FOLDER.fullmatch(home.name):
        walk.session_folder(home)
    elif any(_is_of_subagents(folder) for folder in (home, *home.parents)):
        walk.subagents(home, 0)
    else:
        walk.folder(home, 0)
    return walk.result()


def _base(home: Path) -> Path:
    """The folder that names are relative to: the home that a folder lies in."""
    for folder in (home, *home.parents):
        if folder.name == PROJECTS:
            return folder.parent
    return home


def _is_of_subagents(folder: Path) -> bool:
    return folder.name == _SUBAGENTS and _SESSION_FOLDER.fullmatch(folder.parent.name) is not None


class _Walk:
    """The walk through a home: what was found so far."""

    def __init__(self, base: Path) -> None:
        self.passed_over = 0
        self.files = FileWalk()
        self._base_length = len(str(base).rstrip(os.sep)) + 1
        self._transcripts: dict[str, Path] = {}
        self._companions: dict[str, Path] = {}

    def folder(self, path: Path, depth: int) -> None:
        """Look through a folder of projects, or of sessions."""
        for entry in self.files.entries(path):
            if entry.is_dir(follow_symlinks=False):
                if _SESSION_FOLDER.fullmatch(entry.name):
                    self.session_folder(Path(entry.path))
                elif depth < _MAX_DEPTH:
                    self.folder(Path(entry.path), depth + 1)
                else:
                    self.passed_over += 1
            elif entry.is_file(follow_symlinks=False) and (
                _SESSION_FILE.fullmatch(entry.name) or _AGENT_FILE.fullmatch(entry.name)
            ):
                self._transcripts[self._name(entry.path)] = Path(entry.path)
            else:
                self.passed_over += 1

    def session_folder(self, path: Path) -> None:
        """Look through the folder of a session."""
        for entry in self.files.entries(path):
            if entry.is_dir(follow_symlinks=False) and entry.name == _SUBAGENTS:
                self.subagents(Path(entry.path), 0)
            elif entry.is_dir(follow_symlinks=False):
                self._others(Path(entry.path), entry.name == "tool-results", 0)
            elif entry.is_file(follow_symlinks=False) and entry.name == _TITLE_FILE:
                self._companions[self._name(entry.path)] = Path(entry.path)
            else:
                self.passed_over += 1

    def subagents(self, path: Path, depth: int) -> None:
        """Look through the folder of a session's subagents, or that of a workflow in it."""
        for entry in self.files.entries(path):
            if entry.is_dir(follow_symlinks=False):
                if depth < _MAX_DEPTH:
                    self.subagents(Path(entry.path), depth + 1)
                else:
                    self.passed_over += 1
            elif entry.is_file(follow_symlinks=False) and _AGENT_FILE.fullmatch(entry.name):
                self._transcripts[self._name(entry.path)] = Path(entry.path)
            elif entry.is_file(follow_symlinks=False) and _AGENT_META.fullmatch(entry.name):
                self._companions[self._name(entry.path)] = Path(entry.path)
            else:
                self.passed_over += 1

    def _others(self, path: Path, has_results: bool, depth: int) -> None:
        for entry in self.files.entries(path):
            if entry.is_dir(follow_symlinks=False) and depth < _MAX_DEPTH:
                self._others(Path(entry.path), False, depth + 1)
            elif has_results and entry.is_file(follow_symlinks=False) and _TOOL_RESULT.fullmatch(entry.name):
                self._companions[self._name(entry.path)] = Path(entry.path)
            else:
                self.passed_over += 1

    def _name(self, path: str) -> str:
        return path[self._base_length :].replace(os.sep, "/")

    def result(self) -> FoundTranscripts:
        """The transcripts with their companions; a companion without its transcript is passed over."""
        owned: dict[str, dict[str, Path]] = {name: {} for name in self._transcripts}
        for name, path in self._companions.items():
            owner = self._owner(name)
            if owner in owned:
                owned[owner][name] = path
            else:
                self.passed_over += 1
        found = [FoundTranscript(self._transcripts[name], name, owned[name]) for name in sorted(owned)]
        return FoundTranscripts(found, self.passed_over, self.files.refused)

    def _owner(self, companion: str) -> str:
        if companion.endswith(".meta.json"):
            return f"{companion.removesuffix('.meta.json')}.jsonl"
        folder, _, file = companion.rpartition("/")
        return f"{folder if file == _TITLE_FILE else folder.removesuffix('/tool-results')}.jsonl"
