"""A session for Qwen Code: one JSONL file, whose lines are one straight chain."""

import re
from collections.abc import Iterator
from datetime import datetime

from storage.documents.formats.registry import FORMATS
from storage.handoff.conversation import Call, ConversationMessage
from storage.handoff.google_parts import answer_of, part_of, response_parts
from storage.handoff.preparation import Capabilities
from storage.handoff.resume_commands import resume_commands
from storage.handoff.target import Copy, HandoffFile, WrittenSession, json_lines, timestamp

_NOT_IN_FOLDERS = re.compile(r"[^A-Za-z0-9]")


class QwenCodeTarget:
    """Writes sessions for Qwen Code, which continues them only in their own directory."""

    source = "QWEN_CODE"
    takes = Capabilities(reasoning=True)

    def write(self, copy: Copy) -> WrittenSession:
        """One file in the folder of the directory."""
        session_id = str(copy.id)
        path = f"{chats_folder(copy.workspace)}/{session_id}.jsonl"
        return WrittenSession(
            session_id, [HandoffFile(path, json_lines(_lines(copy)))], resume_commands(self.source, session_id)
        )


def chats_folder(workspace: str) -> str:
    """The folder of a directory's sessions."""
    return f"projects/{_NOT_IN_FOLDERS.sub('-', workspace)}/chats"


def _lines(copy: Copy) -> Iterator[dict[str, object]]:
    parent: str | None = None
    for number, (time, record) in enumerate(_records(copy)):
        uuid = str(copy.new_id("line", number))
        yield {
            "uuid": uuid,
            "parentUuid": parent,
            "sessionId": str(copy.id),
            "timestamp": timestamp(time),
            "cwd": copy.workspace,
            "version": FORMATS["QWEN_CODE"].tried_version,
            # The program does the same on lines that it copies when it forks a session.
            "forkedFrom": {"sessionId": copy.origin, "messageUuid": uuid},
            **record,
        }
        parent = uuid


def _records(copy: Copy) -> Iterator[tuple[datetime, dict[str, object]]]:
    times = copy.times()
    title = {"customTitle": copy.title, "titleSource": "manual"}
    yield times[0], {"type": "system", "subtype": "custom_title", "provenance": "system", "systemPayload": title}
    for place, (message, time) in enumerate(zip(copy.messages, times, strict=True)):
        for record in _of_message(copy, place, message):
            yield time, record


def _of_message(copy: Copy, place: int, message: ConversationMessage) -> Iterator[dict[str, object]]:
    if message.role == "USER":
        content = {"role": "user", "parts": [*map(part_of, message.parts)]}
        yield {"type": "user", "provenance": "real_user", "message": content}
        return
    parts: list[dict[str, object]] = []
    results: list[dict[str, object]] = []
    for position, part in enumerate(message.parts):
        if not isinstance(part, Call):
            parts.append(part_of(part))
            continue
        call_id = copy.call_id(place, position)
        parts.append({"functionCall": {"id": call_id, "name": part.name, "args": part.input}})
        status = "error" if answer_of(part).is_error else "success"
        results.append(
            {
                "type": "tool_result",
                "provenance": "tool_result",
                "message": {"role": "user", "parts": response_parts(call_id, part)},
                "toolCallResult": {"callId": call_id, "status": status},
            }
        )
    reply: dict[str, object] = {"type": "assistant", "provenance": "assistant_output"}
    model = {"model": message.model} if message.model else {}
    yield {**reply, **model, "message": {"role": "model", "parts": parts}}
    yield from results
