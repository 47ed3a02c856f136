"""A session for Gemini CLI: one JSONL file in the folder of the project."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import NamedTuple

from storage.documents.formats.json_values import as_object, parse_json
from storage.handoff.conversation import Call, ConversationMessage
from storage.handoff.google_parts import answer_of, part_of, response_parts
from storage.handoff.preparation import Capabilities
from storage.handoff.resume_commands import resume_commands
from storage.handoff.target import Copy, HandoffFile, WrittenSession, json_lines, timestamp

_NOT_IN_SLUGS = re.compile(r"[^a-z0-9]+")
PROJECT_ROOT = ".project_root"
"""The file that names the directory of a project's folder."""


class GeminiTarget:
    """Writes sessions for Gemini CLI.

    It sends no thoughts to the model, and takes prompts that begin with a slash as commands. It deletes sessions that
    were last written over 30 days ago, so that the last change of a copy is the time of the handoff.
    """

    source = "GEMINI"
    takes = Capabilities(command_marks=("/", "?"))

    def write(self, copy: Copy) -> WrittenSession:
        """The session's file, and the file that names the project of its folder unless that exists."""
        session_id = str(copy.id)
        folder = project_folder(copy.home, copy.workspace)
        name = f"session-{copy.written_at:%Y-%m-%dT%H-%M}-{session_id[:8]}.jsonl"
        files = [HandoffFile(f"tmp/{folder.name}/chats/{name}", json_lines(_lines(copy)))]
        if not folder.is_known:
            files.append(HandoffFile(f"tmp/{folder.name}/{PROJECT_ROOT}", copy.workspace))
        return WrittenSession(session_id, files, resume_commands(self.source, session_id))


class ProjectFolder(NamedTuple):
    """A project's folder; `is_known` tells whether the program has it."""

    name: str
    is_known: bool


def project_folder(home: Path | None, workspace: str) -> ProjectFolder:
    """The project's folder: the one that the program has for the directory, else a new one with a mark in it."""
    slug = _NOT_IN_SLUGS.sub("-", PurePath(workspace).name.lower()).strip("-") or "project"
    if home is None:
        return ProjectFolder(slug, is_known=False)
    listed = home / "projects.json"
    projects = as_object(as_object(parse_json(listed.read_bytes())).get("projects")) if listed.is_file() else {}
    known = projects.get(workspace)
    if isinstance(known, str) and PurePath(known).name == known:
        return ProjectFolder(known, is_known=(home / "tmp" / known / PROJECT_ROOT).exists())
    taken = set(projects.values())
    number = 0
    while True:
        name = f"{slug}-{number}" if number else slug
        root = home / "tmp" / name / PROJECT_ROOT
        if root.is_file() and root.read_text(encoding="utf-8", errors="replace").strip() == workspace:
            return ProjectFolder(name, is_known=True)
        if name not in taken and not root.parent.exists():
            return ProjectFolder(name, is_known=False)
        number += 1


def _lines(copy: Copy) -> Iterator[dict[str, object]]:
    times = copy.times()
    yield {
        "sessionId": str(copy.id),
        "projectHash": hashlib.sha256(copy.workspace.encode()).hexdigest(),
        "startTime": timestamp(times[0]),
        "lastUpdated": timestamp(copy.written_at),
        "kind": "main",
        "summary": copy.title,
        "handedOverFrom": copy.origin,
    }
    for place, (message, time) in enumerate(zip(copy.messages, times, strict=True)):
        at = timestamp(time)
        yield {"id": str(copy.new_id("record", place)), "timestamp": at, **_record(copy, place, message, at)}


def _record(copy: Copy, place: int, message: ConversationMessage, at: str) -> dict[str, object]:
    parts = [part_of(part) for part in message.parts if not isinstance(part, Call)]
    if message.role == "USER":
        return {"type": "user", "content": parts}
    calls = [
        _call(copy.call_id(place, position), part, at)
        for position, part in enumerate(message.parts)
        if isinstance(part, Call)
    ]
    record: dict[str, object] = {"type": "gemini", "content": _content(parts)}
    if calls:
        record["toolCalls"] = calls
    return {**record, "model": message.model} if message.model else record


def _content(parts: list[dict[str, object]]) -> object:
    """A reply of one text is a string, one of several a list."""
    return parts[0]["text"] if len(parts) == 1 else parts or ""


def _call(call_id: str, call: Call, at: str) -> dict[str, object]:
    return {
        "id": call_id,
        "name": call.name,
        "args": call.input,
        "result": response_parts(call_id, call),
        "status": "error" if answer_of(call).is_error else "success",
        "timestamp": at,
    }
