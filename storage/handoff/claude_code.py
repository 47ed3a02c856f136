"""A session for Claude Code: one JSONL file, whose lines are one straight chain."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from storage.documents.formats.registry import FORMATS
from storage.handoff.conversation import Answer, Call, ConversationMessage, Other, Part, Picture, Summary, Text
from storage.handoff.preparation import Capabilities
from storage.handoff.resume_commands import resume_commands
from storage.handoff.target import Copy, HandoffFile, WrittenSession, json_lines, timestamp

_MAX_FOLDER_LENGTH = 200
_NOT_IN_FOLDERS = re.compile(r"[^A-Za-z0-9]")


class ClaudeCodeTarget:
    """Writes sessions for Claude Code.

    The program would send thinking without a signature to the model, which refuses it. To a conversation that does not
    end with the model's words, it adds some.
    """

    source = "CLAUDE_CODE"
    takes = Capabilities(image_links=True, summaries=True, opening=True, closing=True)

    def write(self, copy: Copy) -> WrittenSession:
        """One file in the folder of the directory. The program finds it by its id from any directory."""
        session_id = str(copy.id)
        path = f"projects/{folder_name(copy.workspace)}/{session_id}.jsonl"
        return WrittenSession(
            session_id, [HandoffFile(path, json_lines(_lines(copy)))], resume_commands(self.source, session_id)
        )


def folder_name(workspace: str) -> str:
    """The folder of a directory: each UTF-16 unit but letters and digits of ASCII is a hyphen."""
    units = "".join("--" if ord(character) > 0xFFFF else character for character in workspace)
    return _NOT_IN_FOLDERS.sub("-", units)[:_MAX_FOLDER_LENGTH]


def _lines(copy: Copy) -> Iterator[dict[str, object]]:
    writer = _LineWriter(copy)
    for place, (message, time) in enumerate(zip(copy.messages, copy.times(), strict=True)):
        yield from writer.lines(place, message, time)
    yield {"type": "custom-title", "customTitle": copy.title, "sessionId": str(copy.id)}


class _LineWriter:
    """Writes the lines of messages, each with the line before as its parent."""

    def __init__(self, copy: Copy) -> None:
        self._copy = copy
        self._parent: str | None = None
        self._count = 0
        # Neighbouring messages of the model are one reply: the program sends lines of one id as one message.
        self._reply_id = ""

    def lines(self, place: int, message: ConversationMessage, time: datetime) -> Iterator[dict[str, object]]:
        """The line of a message, and one with the answers of its calls."""
        if message.role == "USER":
            self._reply_id = ""
            is_summary = any(isinstance(part, Summary) for part in message.parts)
            marks: dict[str, object] = (
                {"isCompactSummary": True, "isVisibleInTranscriptOnly": True} if is_summary else {}
            )
            yield self._line("user", {"role": "user", "content": [*map(_block, message.parts)]}, time, marks)
            return
        self._reply_id = self._reply_id or f"msg_{self._copy.new_id('reply', place).hex[:24]}"
        content = []
        results = []
        for position, part in enumerate(message.parts):
            if isinstance(part, Call):
                call_id = self._copy.call_id(place, position)
                content.append({"type": "tool_use", "id": call_id, "name": part.name, "input": part.input})
                results.append(_result(call_id, part.answer))
            else:
                content.append(_block(part))
        reply = {"id": self._reply_id, "type": "message", "role": "assistant", "content": content}
        yield self._line("assistant", {**reply, "model": message.model} if message.model else reply, time)
        if results:
            self._reply_id = ""
            yield self._line("user", {"role": "user", "content": results}, time)

    def _line(
        self, kind: str, message: object, time: datetime, marks: dict[str, object] | None = None
    ) -> dict[str, object]:
        uuid = str(self._copy.new_id("line", self._count))
        parent, self._parent = self._parent, uuid
        self._count += 1
        return {
            "parentUuid": parent,
            "isSidechain": False,
            "userType": "external",
            "type": kind,
            "message": message,
            "uuid": uuid,
            "timestamp": timestamp(time),
            "cwd": self._copy.workspace,
            "sessionId": str(self._copy.id),
            "version": FORMATS["CLAUDE_CODE"].tried_version,
            # The program does the same on lines that it copies when it forks a session.
            "forkedFrom": {"sessionId": self._copy.origin, "messageUuid": uuid},
            **(marks or {}),
        }


def _block(part: Part) -> dict[str, object]:
    match part:
        case Text(text) | Summary(text):
            return {"type": "text", "text": text}
        case Picture():
            return {"type": "image", "source": _source(part)}
    raise TypeError(f"{type(part).__name__} must have been prepared")


def _source(picture: Picture) -> dict[str, object]:
    if picture.data:
        return {"type": "base64", "media_type": picture.media_type, "data": picture.data}
    return {"type": "url", "url": picture.url}


def _result(call_id: str, answer: Answer | None) -> dict[str, object]:
    assert answer is not None, "all calls of a prepared conversation have answers"
    result: dict[str, object] = {
        "type": "tool_result",
        "tool_use_id": call_id,
        "content": _result_content(answer.content),
    }
    return {**result, "is_error": True} if answer.is_error else result


def _result_content(parts: Iterable[Text | Picture | Other]) -> str | list[dict[str, object]]:
    content = [_block(part) for part in parts]
    if not content:
        return ""
    return str(content[0]["text"]) if len(content) == 1 and content[0]["type"] == "text" else content
