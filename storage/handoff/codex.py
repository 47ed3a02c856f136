"""A session for Codex: a paginated rollout, in which everything stands as an item and as an event that is shown."""

from collections.abc import Iterator
from datetime import datetime

from storage.documents.formats.codex.injected_text import SUMMARY_PREFACE
from storage.documents.formats.codex.tool_outputs import output_block
from storage.documents.formats.json_values import parse_json
from storage.documents.formats.registry import FORMATS
from storage.handoff import losses
from storage.handoff.conversation import Answer, Call, ConversationMessage, Part, Picture, Summary, Text, Thinking
from storage.handoff.preparation import Capabilities
from storage.handoff.resume_commands import resume_commands
from storage.handoff.target import Copy, HandoffFile, WrittenSession, json_lines, milliseconds, timestamp
from storage.json_codec import dump

_SERVER = "handoff"
"""The server to which calls are attributed: Codex shows calls of its own tools by events of other kinds."""


class CodexTarget:
    """Writes sessions for Codex. The names of its sessions are in a database, so that a title cannot be carried."""

    source = "CODEX"
    takes = Capabilities(reasoning=True, image_links=True, any_input=True, summaries=True)

    def write(self, copy: Copy) -> WrittenSession:
        """One file below the folder of its date."""
        session_id = str(copy.id)
        copy.prepared.losses.add(losses.TITLE, "Codex keeps titles in a database: its list shows the first prompt.")
        written_at = copy.written_at
        folder, time = written_at.strftime("sessions/%Y/%m/%d"), written_at.strftime("%Y-%m-%dT%H-%M-%S")
        path = f"{folder}/rollout-{time}-{session_id}.jsonl"
        return WrittenSession(
            session_id, [HandoffFile(path, json_lines(_lines(copy)))], resume_commands(self.source, session_id)
        )


def _lines(copy: Copy) -> Iterator[dict[str, object]]:
    entries = _RolloutWriter(copy).entries()
    for ordinal, (time, kind, payload) in enumerate(entries):
        yield {"timestamp": timestamp(time), "ordinal": ordinal, "type": kind, "payload": payload}


_Entry = tuple[datetime, str, dict[str, object]]


class _RolloutWriter:
    """Writes the entries of a rollout in turns: each begins with the user's words."""

    def __init__(self, copy: Copy) -> None:
        self._copy = copy
        self._thread_id = str(copy.id)
        self._turn_id = ""
        self._turn_began = copy.written_at
        self._has_reply = False
        self._last_answer: str | None = None

    def entries(self) -> Iterator[_Entry]:
        """All entries in order."""
        copy = self._copy
        times = copy.times()
        began = times[0] if times else copy.written_at
        yield (
            began,
            "session_meta",
            {
                "id": self._thread_id,
                "timestamp": timestamp(copy.written_at),
                "cwd": copy.workspace,
                "originator": "reprise",
                "cli_version": FORMATS["CODEX"].tried_version,
                "source": "cli",
                "history_mode": "paginated",
                "handed_over_from": copy.origin,
                "handed_over_title": copy.title,
            },
        )
        for place, (message, time) in enumerate(zip(copy.messages, times, strict=True)):
            if isinstance(message.parts[0], Summary):
                yield time, "compacted", _compacted(message.parts[0])
                message = message._replace(parts=message.parts[1:])
            if message.parts:
                yield from self._message(place, message, time)
        if self._turn_id:
            yield self._turn_end(times[-1])

    def _message(self, place: int, message: ConversationMessage, time: datetime) -> Iterator[_Entry]:
        is_prompt = message.role == "USER"
        if not self._turn_id or (is_prompt and self._has_reply):
            if self._turn_id:
                yield self._turn_end(time)
            self._turn_id, self._turn_began = str(self._copy.new_id("turn", place)), time
            self._has_reply, self._last_answer = False, None
            yield (
                time,
                "event_msg",
                {
                    "type": "task_started",
                    "turn_id": self._turn_id,
                    "started_at": int(time.timestamp()),
                },
            )
        if is_prompt:
            yield from self._prompt(place, message, time)
            return
        self._has_reply = True
        outputs: list[_Entry] = []
        for position, part in enumerate(message.parts):
            match part:
                case Call():
                    call_id = self._copy.call_id(place, position)
                    yield time, "response_item", _call(call_id, part)
                    assert part.answer is not None, "all calls of a prepared conversation have answers"
                    outputs += [
                        (time, "response_item", _output(call_id, part.answer)),
                        self._event(time, _shown_call(call_id, part, part.answer)),
                    ]
                case Thinking(text):
                    summary = [{"type": "summary_text", "text": text}]
                    yield time, "response_item", {"type": "reasoning", "summary": summary}
                    item_id = str(self._copy.new_id("reasoning", place, position))
                    yield self._event(
                        time, {"type": "Reasoning", "id": item_id, "summary_text": [text], "raw_content": []}
                    )
                case Text(text):
                    self._last_answer = text
                    yield time, "response_item", _said("assistant", [{"type": "output_text", "text": text}])
                    item_id = str(self._copy.new_id("answer", place, position))
                    yield self._event(
                        time, {"type": "AgentMessage", "id": item_id, "content": [{"type": "Text", "text": text}]}
                    )
                case _:
                    raise TypeError(f"{type(part).__name__} must have been prepared")
        yield from outputs

    def _prompt(self, place: int, message: ConversationMessage, time: datetime) -> Iterator[_Entry]:
        yield time, "response_item", _said("user", [_input(part) for part in message.parts])
        shown: list[dict[str, object]] = [
            {"type": "text", "text": part.text, "text_elements": []}
            if isinstance(part, Text)
            else {"type": "image", "image_url": _picture(part).address}
            for part in message.parts
        ]
        item_id = str(self._copy.new_id("prompt", place))
        yield self._event(time, {"type": "UserMessage", "id": item_id, "content": shown})

    def _event(self, time: datetime, item: dict[str, object]) -> _Entry:
        at = milliseconds(time)
        event = {"type": "item_completed", "thread_id": self._thread_id, "turn_id": self._turn_id, "item": item}
        return time, "event_msg", {**event, "started_at_ms": at, "completed_at_ms": at}

    def _turn_end(self, time: datetime) -> _Entry:
        return (
            time,
            "event_msg",
            {
                "type": "task_complete",
                "turn_id": self._turn_id,
                "last_agent_message": self._last_answer,
                "started_at": int(self._turn_began.timestamp()),
                "completed_at": int(time.timestamp()),
            },
        )


def _said(role: str, content: list[dict[str, object]]) -> dict[str, object]:
    return {"type": "message", "role": role, "content": content}


def _picture(part: Part) -> Picture:
    if isinstance(part, Picture):
        return part
    raise TypeError(f"{type(part).__name__} must have been prepared")


def _input(part: Part) -> dict[str, object]:
    if isinstance(part, Text):
        return {"type": "input_text", "text": part.text}
    return {"type": "input_image", "image_url": _picture(part).address}


def _compacted(summary: Summary) -> dict[str, object]:
    text = f"{SUMMARY_PREFACE} of its thinking process. Here is the summary:\n{summary.text}"
    history = [_said("user", [{"type": "input_text", "text": text}])]
    return {"message": summary.text, "replacement_history": history}


def _arguments(given: object) -> str:
    """Arguments as JSON. A text that is not JSON stays as the model wrote it."""
    is_plain = isinstance(given, str) and parse_json(given.encode(errors="replace")) is None
    return given if is_plain and isinstance(given, str) else dump(given)


def _call(call_id: str, call: Call) -> dict[str, object]:
    return {"type": "function_call", "name": call.name, "arguments": _arguments(call.input), "call_id": call_id}


def _output(call_id: str, answer: Answer) -> dict[str, object]:
    """An output is a text; a list where it has pictures, or where the text alone would be read as something else."""
    content = [_input(part) for part in answer.content]
    output: dict[str, object] = {"type": "function_call_output", "call_id": call_id, "output": content or ""}
    if len(content) == 1 and "text" in content[0]:
        text = content[0]["text"]
        read = output_block({**output, "output": text}, None, is_failure=False)
        if read["content"] == text and (answer.is_error or "is_error" not in read):
            output["output"] = text
    return output


def _shown_call(call_id: str, call: Call, answer: Answer) -> dict[str, object]:
    content = [
        {"type": "text", "text": part.text}
        if isinstance(part, Text)
        else {"type": "image", "mimeType": _picture(part).media_type, "data": _picture(part).data}
        for part in answer.content
    ]
    return {
        "type": "McpToolCall",
        "id": call_id,
        "server": _SERVER,
        "tool": call.name,
        "arguments": call.input,
        "status": "failed" if answer.is_error else "completed",
        "result": {"content": content},
    }
