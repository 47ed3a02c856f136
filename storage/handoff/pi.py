"""A session for pi: one JSONL file, whose entries are one straight chain."""

from collections.abc import Iterator
from datetime import datetime

from storage.handoff.conversation import Call, ConversationMessage, Part, Picture, Text
from storage.handoff.google_parts import answer_of
from storage.handoff.preparation import Capabilities
from storage.handoff.resume_commands import resume_commands
from storage.handoff.target import Copy, HandoffFile, WrittenSession, json_lines, milliseconds, timestamp

_COUNTS = ("input", "output", "cacheRead", "cacheWrite")
# The program needs them on each reply.
_NO_USAGE: dict[str, object] = {
    **dict.fromkeys((*_COUNTS, "totalTokens"), 0),
    "cost": dict.fromkeys((*_COUNTS, "total"), 0),
}


class PiTarget:
    """Writes sessions for pi, which drops the reasoning of other models from its requests without saying so."""

    source = "PI"
    takes = Capabilities()

    def write(self, copy: Copy) -> WrittenSession:
        """One file in the folder of the directory."""
        session_id = str(copy.id)
        folder = copy.workspace.strip("/").replace("/", "-").replace("\\", "-").replace(":", "-")
        time = timestamp(copy.written_at).replace(":", "-").replace(".", "-")
        path = f"sessions/--{folder}--/{time}_{session_id}.jsonl"
        return WrittenSession(
            session_id, [HandoffFile(path, json_lines(_lines(copy)))], resume_commands(self.source, session_id)
        )


def _lines(copy: Copy) -> Iterator[dict[str, object]]:
    yield {
        "type": "session",
        "version": 3,
        "id": str(copy.id),
        "timestamp": timestamp(copy.written_at),
        "cwd": copy.workspace,
        "handedOverFrom": copy.origin,
    }
    parent: str | None = None
    for number, (time, entry) in enumerate(_entries(copy)):
        id = f"{number:08x}"
        yield {**entry, "id": id, "parentId": parent, "timestamp": timestamp(time)}
        parent = id


def _entries(copy: Copy) -> Iterator[tuple[datetime, dict[str, object]]]:
    times = copy.times()
    yield times[0], {"type": "session_info", "name": copy.title}
    for place, (message, time) in enumerate(zip(copy.messages, times, strict=True)):
        for said in _messages(copy, place, message):
            yield time, {"type": "message", "message": {**said, "timestamp": milliseconds(time)}}


def _messages(copy: Copy, place: int, message: ConversationMessage) -> Iterator[dict[str, object]]:
    if message.role == "USER":
        yield {"role": "user", "content": [*map(_part, message.parts)]}
        return
    calls = [
        (copy.call_id(place, position), part) for position, part in enumerate(message.parts) if isinstance(part, Call)
    ]
    content = [_part(part) for part in message.parts if not isinstance(part, Call)]
    content += [
        {"type": "toolCall", "id": call_id, "name": call.name, "arguments": call.input} for call_id, call in calls
    ]
    yield {
        "role": "assistant",
        "content": content,
        "api": "openai-completions",
        "provider": copy.prepared.conversation.source.lower(),
        "model": message.model or "unknown",
        "usage": _NO_USAGE,
        "stopReason": "toolUse" if calls else "stop",
    }
    for call_id, call in calls:
        answer = answer_of(call)
        yield {
            "role": "toolResult",
            "toolCallId": call_id,
            "toolName": call.name,
            "content": [_part(part) for part in answer.content],
            "isError": answer.is_error,
        }


def _part(part: Part) -> dict[str, object]:
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case Picture():
            return {"type": "image", "mimeType": part.media_type, "data": part.data}
    raise TypeError(f"{type(part).__name__} must have been prepared")
