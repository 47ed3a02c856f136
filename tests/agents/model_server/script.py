"""The replies of a scripted model."""

import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_NUMBERS = itertools.count(1)


def _new_id() -> str:
    # In the alphabet and length of every provider's ids.
    return f"toolu_{next(_NUMBERS):012d}"


@dataclass(frozen=True)
class Text:
    """A text for the user."""

    text: str


@dataclass(frozen=True)
class Thinking:
    """A thought, sent in the provider's form."""

    text: str


@dataclass(frozen=True)
class Call:
    """A tool call. An input that is a string is sent as it is where the provider has calls of that form.

    Codex has tools in name spaces.
    """

    name: str
    input: Mapping[str, Any] | str
    id: str = field(default_factory=_new_id)
    namespace: str = ""


@dataclass(frozen=True)
class Hold:
    """A pause in the stream until an event is set, so that a test can look at a session while its program waits."""

    until: threading.Event


Part = Text | Thinking | Call | Hold


@dataclass(frozen=True)
class Usage:
    """Token counts, in classes that do not overlap."""

    input: int = 200
    cache_read: int = 1_000
    output: int = 34

    @property
    def total_input(self) -> int:
        return self.input + self.cache_read


@dataclass(frozen=True)
class Reply:
    """One answer of the model."""

    parts: tuple[Part, ...]
    usage: Usage = Usage()

    @property
    def calls(self) -> list[Call]:
        return [part for part in self.parts if isinstance(part, Call)]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Text))


def reply(*parts: Part | str, usage: Usage | None = None) -> Reply:
    """A reply; strings are texts."""
    return Reply(tuple(Text(part) if isinstance(part, str) else part for part in parts), usage or Usage())
