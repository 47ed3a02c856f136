"""Reads a written copy back as an import would, and compares it with the conversation that it was made from."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from storage.archive.archived_transcript import ArchivedTranscript
from storage.documents.derived_session import DerivedSession
from storage.documents.formats.registry import FORMATS
from storage.handoff.conversation import (
    Answer,
    Call,
    Message,
    Other,
    Part,
    Picture,
    SaidMessage,
    Summary,
    Text,
    live_messages,
)
from storage.json_codec import canonical


def read_copy(source: str, path: str, data: bytes, written_at: datetime) -> DerivedSession | None:
    """The session that an import derives from a written file."""

    def nothing(name: str) -> None:
        return None

    transcript = ArchivedTranscript(
        path, written_at, len(data), lambda start, count: data[start : start + count], nothing, nothing
    )
    return FORMATS[source].derive([transcript])


def messages_of(session: DerivedSession) -> tuple[Message, ...]:
    """The live conversation of a derived copy."""
    live = (session.messages[index] for index in session.live)
    return live_messages(
        [
            SaidMessage(message.role, message.build(), message.created_at, message.model, message.is_injected)
            for message in live
        ],
        is_copy=True,
    )


def difference(expected: Iterable[Message], found: Iterable[Message]) -> str | None:
    """How two conversations first differ, for people; None if both say the same in the same order.

    Neighbouring messages of one role count as one, as they do for models. White space is not compared.
    """
    wanted, had = list(_said(expected)), list(_said(found))
    for number, (one, other) in enumerate(zip(wanted, had, strict=False)):
        if one != other:
            return f"entry {number} should be {one!r:.300} and is {other!r:.300}"
    if len(wanted) != len(had):
        return f"it should have {len(wanted)} entries and has {len(had)}"
    return None


_Said = tuple[str, str, object]


def _said(messages: Iterable[Message]) -> Iterator[_Said]:
    role, text = "", ""
    for message in messages:
        for part in message.parts:
            if isinstance(part, Text):
                if text and role != message.role:
                    yield role, "text", text
                    text = ""
                role = message.role
                text += _squeezed(part.text)
                continue
            if text:
                yield role, "text", text
                text = ""
            # Programs differ in whose message a summary is.
            role_of_part = "" if isinstance(part, Summary) else message.role
            yield role_of_part, type(part).__name__, _value(part)
    if text:
        yield role, "text", text


def _value(part: Part) -> object:
    match part:
        case Picture():
            return part.address
        case Call(name, given, answer):
            return name, canonical(given), None if answer is None else _answer(answer)
        case Other():
            return part.kind
    return _squeezed(str(getattr(part, "text", "")))


def _answer(answer: Answer) -> tuple[object, ...]:
    text = "".join(_squeezed(part.text) for part in answer.content if isinstance(part, Text))
    pictures = [part.address for part in answer.content if isinstance(part, Picture)]
    return answer.is_error, text, *pictures


def _squeezed(text: str) -> str:
    return "".join(text.split())
