"""A session for OpenCode: a file in the form of its export, which its own command imports."""

from datetime import datetime

from storage.documents.formats.registry import FORMATS
from storage.handoff.conversation import Answer, Call, ConversationMessage, Part, Picture, Text
from storage.handoff.google_parts import answer_of
from storage.handoff.preparation import Capabilities
from storage.handoff.resume_commands import import_command, resume_commands
from storage.handoff.target import Copy, HandoffFile, WrittenSession, milliseconds
from storage.json_codec import dump

_PROVIDERS = {"CLAUDE_CODE": "anthropic", "CODEX": "openai", "GEMINI": "google", "QWEN_CODE": "alibaba"}
"""OpenCode's names of the providers that agents use by default."""

_NO_TOKENS = {"input": 0, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0}}


class OpenCodeTarget:
    """Writes sessions for OpenCode.

    It puts the reasoning of other models right in front of their texts, with nothing between. It has a place for
    pictures in answers of calls, but not in those of failed ones.
    """

    source = "OPENCODE"
    takes = Capabilities(opening=True, images_of_failures=False)

    def write(self, copy: Copy) -> WrittenSession:
        """One file, and the command that imports it into the database."""
        session_id = f"ses_{copy.id.hex[:26]}"
        path = f"handoff/{session_id}.json"
        session = _PartWriter(copy, session_id).session()
        commands = [import_command(path), *resume_commands(self.source, session_id)]
        return WrittenSession(session_id, [HandoffFile(path, dump(session))], commands)


class _PartWriter:
    """Writes messages and parts with ids that rise: the program sorts by time and id, not by place in the file."""

    def __init__(self, copy: Copy, session_id: str) -> None:
        self._copy = copy
        self._session_id = session_id
        self._part_count = 0
        self._prompt_id = ""
        models = (message.model for message in reversed(copy.messages))
        self._last_model = next(filter(None, models), "unknown")

    def session(self) -> dict[str, object]:
        """The whole session."""
        copy = self._copy
        times = copy.times()
        written_at = milliseconds(copy.written_at)
        messages = []
        latest = milliseconds(times[0])
        for place, (message, time) in enumerate(zip(copy.messages, times, strict=True)):
            latest = max(latest, milliseconds(time))
            messages.append(self._message(place, message, latest, time))
        info = {
            "id": self._session_id,
            "slug": f"handoff-{copy.id.hex[:8]}",
            "title": copy.title,
            "version": FORMATS["OPENCODE"].tried_version,
            "projectID": "global",
            "directory": copy.workspace,
            "metadata": {"handedOverFrom": copy.origin},
            "time": {"created": written_at, "updated": written_at},
        }
        return {"info": info, "messages": messages}

    def _message(self, place: int, message: ConversationMessage, created: int, time: datetime) -> dict[str, object]:
        message_id = f"msg_{self._copy.id.hex[:16]}{place:010d}"
        ids = {"sessionID": self._session_id, "messageID": message_id}
        model = self._model(message)
        info: dict[str, object] = {"id": message_id, "sessionID": self._session_id, "time": {"created": created}}
        if message.role == "USER":
            self._prompt_id = message_id
            info |= {"role": "user", "agent": "build", "model": model}
        else:
            info |= {
                "role": "assistant",
                "parentID": self._prompt_id,
                "agent": "build",
                "mode": "build",
                "path": {"cwd": self._copy.workspace, "root": "/"},
                "cost": 0,
                "tokens": _NO_TOKENS,
                **model,
            }
        parts = [
            {"id": self._part_id(), **ids, **self._part(place, position, part, ids, milliseconds(time))}
            for position, part in enumerate(message.parts)
        ]
        return {"info": info, "parts": parts}

    def _model(self, message: ConversationMessage) -> dict[str, object]:
        """The model of a reply, and for a prompt that of the last reply: the program continues with the model of the
        last prompt.
        """
        source = self._copy.prepared.conversation.source
        name = message.model or self._last_model
        provider, _, own_name = name.partition("/")
        if own_name:
            return {"providerID": provider, "modelID": own_name}
        return {"providerID": _PROVIDERS.get(source, "opencode"), "modelID": name}

    def _part_id(self) -> str:
        self._part_count += 1
        return f"prt_{self._copy.id.hex[:16]}{self._part_count:010d}"

    def _part(self, place: int, position: int, part: Part, ids: dict[str, str], time: int) -> dict[str, object]:
        match part:
            case Text(text):
                return {"type": "text", "text": text}
            case Picture():
                return _file(part)
            case Call():
                state = self._state(part, answer_of(part), ids, time)
                call_id = self._copy.call_id(place, position)
                return {"type": "tool", "tool": part.name, "callID": call_id, "state": state}
        raise TypeError(f"{type(part).__name__} must have been prepared")

    def _state(self, call: Call, answer: Answer, ids: dict[str, str], time: int) -> dict[str, object]:
        text = "\n".join(part.text for part in answer.content if isinstance(part, Text))
        times = {"start": time, "end": time}
        if answer.is_error:
            return {"status": "error", "input": call.input, "error": text, "time": times}
        state: dict[str, object] = {"status": "completed", "input": call.input, "output": text}
        pictures = [
            {"id": self._part_id(), **ids, **_file(part)} for part in answer.content if isinstance(part, Picture)
        ]
        attached = {"attachments": pictures} if pictures else {}
        return {**state, "title": "", "metadata": {}, "time": times, **attached}


def _file(picture: Picture) -> dict[str, object]:
    name = f"picture.{picture.media_type.rpartition('/')[2]}"
    return {"type": "file", "mime": picture.media_type, "filename": name, "url": picture.address}
