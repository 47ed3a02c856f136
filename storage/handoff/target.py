"""The target of a handoff: an agent's program, and how a conversation is written for it."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from storage.handoff.conversation import ConversationMessage
from storage.handoff.preparation import Capabilities, Prepared
from storage.json_codec import dump

# JSON leaves these characters as they are. On Node 24, readline ends a line at the latter two, so that Gemini CLI would
# forget a message with one of them, and Qwen Code all before it, too. Python's splitlines ends a line at each.
_SEPARATORS = "\x85\u2028\u2029"


class HandoffFile(NamedTuple):
    """A file to write; `path` is below the agent's home, with forward slashes."""

    path: str
    content: str


class WrittenSession(NamedTuple):
    """A session as its files, and the commands by which its agent continues it, each as a list of words.

    A word of a command that is the path of a file stands for the file at its place.
    """

    session_id: str
    files: list[HandoffFile]
    commands: list[list[str]]


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a session that is about to be written: its conversation, and what is new of it.

    `home` is the agent's home, in which existing files may be read; None where it is not known.
    """

    prepared: Prepared
    id: uuid.UUID
    title: str
    workspace: str
    written_at: datetime
    home: Path | None = None

    @property
    def origin(self) -> str:
        """The id of the session that it is a copy of."""
        return self.prepared.conversation.session_id

    @property
    def messages(self) -> tuple[ConversationMessage, ...]:
        """The messages in order."""
        return self.prepared.messages

    def new_id(self, *place: object) -> uuid.UUID:
        """An id for something at a place in the session, the same for each writing of the same copy."""
        return uuid.uuid5(self.id, ":".join(map(str, place)))

    def call_id(self, message: int, part: int) -> str:
        """An id for a call."""
        return f"call_{self.new_id('call', message, part).hex[:24]}"

    def times(self) -> list[datetime]:
        """The time of each message; that of the message before for one without a time."""
        times: list[datetime] = []
        for message in self.messages:
            before = times[-1] if times else self.prepared.conversation.created_at
            times.append(message.created_at or before)
        return times


class Target(Protocol):
    """An agent that sessions can be handed over to."""

    source: str
    takes: Capabilities

    def write(self, copy: Copy) -> WrittenSession:
        """The files and commands of a session."""
        ...


def timestamp(time: datetime) -> str:
    """A time in UTC with milliseconds, as most agents write it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"


def milliseconds(time: datetime) -> int:
    """A time in milliseconds."""
    return int(time.timestamp() * 1000)


def json_lines(lines: Iterable[object]) -> str:
    """Lines of compact JSON, each with its end; no character within them is the end of a line to other programs."""
    text = "".join(f"{dump(line)}\n" for line in lines)
    for separator in _SEPARATORS:
        text = text.replace(separator, f"\\u{ord(separator):04x}")
    return text
