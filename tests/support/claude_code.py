"""Transcripts of Claude Code, line by line, for tests."""

import json
from collections.abc import Mapping
from typing import Any

from storage.documents.derived_session import DerivedSession
from storage.documents.formats.claude_code import ClaudeCodeFormat
from storage.documents.formats.transcript_format import TranscriptReader
from tests.support.stored_transcript import StoredTranscript

FORMAT = ClaudeCodeFormat()
SESSION = "11111111-2222-4333-8444-555555555555"
OTHER_SESSION = "99999999-2222-4333-8444-555555555555"
FOLDER = f"projects/-home-dev-shop/{SESSION}"
NAME = f"{FOLDER}.jsonl"
USAGE = {"input_tokens": 10, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 30, "output_tokens": 40}


def call(id: str, name: str = "Bash", **input: Any) -> dict[str, Any]:
    """A tool call."""
    return {"type": "tool_use", "id": id, "name": name, "input": input}


def result(id: str, content: Any = "done") -> dict[str, Any]:
    """A tool's result."""
    return {"type": "tool_result", "tool_use_id": id, "content": content}


def text(value: str) -> dict[str, Any]:
    """A text block."""
    return {"type": "text", "text": value}


class Lines:
    """The lines of a session. Each line is the child of the line before it unless it says otherwise."""

    def __init__(self, session: str = SESSION) -> None:
        self.session = session
        self.lines: list[dict[str, Any]] = []
        self._last: str | None = None
        self._reply = 0

    def add(self, type: str, **fields: Any) -> str:
        """Add a line of the conversation, and return its uuid."""
        number = len(self.lines)
        line = {
            "parentUuid": self._last,
            "isSidechain": False,
            "type": type,
            "uuid": f"line-{number}",
            "timestamp": f"2026-08-01T10:{number // 60:02d}:{number % 60:02d}.000Z",
            "cwd": "/home/dev/shop",
            "sessionId": self.session,
            "version": "2.1.332",
            "gitBranch": "main",
        } | fields
        self.lines.append(line)
        self._last = line["uuid"]
        return str(self._last)

    def user(self, content: Any, **fields: Any) -> str:
        """Add a line under the user's role."""
        return self.add("user", message={"role": "user", "content": content}, **fields)

    def assistant(self, *blocks: Any, id: str | None = None, **fields: Any) -> str:
        """Add a line of a reply; lines of one `id` are one reply."""
        self._reply += 1
        message = {
            "id": id or f"msg_{self._reply}",
            "role": "assistant",
            "model": fields.pop("model", "claude-opus-5-5"),
            "content": list(blocks),
            "usage": fields.pop("usage", USAGE),
        }
        return self.add("assistant", message=message, **{"requestId": f"req_{message['id']}"} | fields)

    def meta(self, **fields: Any) -> None:
        """Add a line that is no part of the conversation."""
        self.lines.append(fields)

    def data(self) -> bytes:
        """The transcript's bytes."""
        return b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in self.lines)

    def transcript(
        self,
        name: str = NAME,
        companions: Mapping[str, bytes] | None = None,
        bases: Mapping[str, TranscriptReader] | None = None,
    ) -> StoredTranscript:
        """The transcript."""
        return StoredTranscript(name, self.data(), companions, bases)

    def derive(self, companions: Mapping[str, bytes] | None = None) -> DerivedSession:
        """The derived session."""
        return derive(self.transcript(companions=companions))


def derive(*transcripts: TranscriptReader) -> DerivedSession:
    """The session of transcripts that hold one."""
    session = FORMAT.derive(transcripts)
    assert session is not None
    return session


def shown(session: DerivedSession, live_only: bool = False) -> list[str]:
    """The messages in short: a letter for the role, in lower case when injected, and the texts of the blocks."""
    indexes = session.live if live_only else range(len(session.messages))
    return [_short(session, index) for index in indexes]


def _short(session: DerivedSession, index: int) -> str:
    message = session.messages[index]
    role = message.role[0].lower() if message.is_injected else message.role[0]
    return f"{role} " + " ".join(_words(block) for block in message.build())


def _words(block: dict[str, Any]) -> str:
    match block:
        case {"type": "text", "text": str(words)}:
            return words
        case {"type": "tool_use", "id": str(id)}:
            return f"call:{id}"
        case {"type": "tool_result", "tool_use_id": str(id)}:
            return f"result:{id}"
    return f"<{block.get('type')}>"
