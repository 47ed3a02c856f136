"""Reads a written copy back as an import would, and compares it with the conversation that it was made from."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from storage.archive.archived_transcript import ArchivedTranscript
from storage.documents.derived_session import DerivedSession
from storage.documents.formats.registry import FORMATS
from storage.errors import StorageError
from storage.handoff.conversation import (
    Answer,
    Call,
    ConversationMessage,
    Other,
    Part,
    Picture,
    SaidMessage,
    Summary,
    Text,
    live_messages,
)
from storage.handoff.target import HandoffFile
from storage.json_codec import canonical


def read_copy(source: str, files: Sequence[HandoffFile], written_at: datetime) -> DerivedSession | None:
    """The session that an import derives from written files: the transcript, and those that belong to it."""
    data = files[0].content.encode()
    companions = {file.path: file.content.encode() for file in files[1:]}

    def read(start: int, count: int) -> bytes:
        return data[start : start + count]

    def no_base(key: str) -> None:
        """A copy continues no other transcript."""

    transcript = ArchivedTranscript(files[0].path, written_at, len(data), read, companions.get, no_base)
    return FORMATS[source].derive([transcript])


def messages_of(session: DerivedSession) -> tuple[ConversationMessage, ...]:
    """The live conversation of a derived copy."""
    live = (session.messages[index] for index in session.live)
    return live_messages(
        [
            SaidMessage(message.role, message.build(), message.created_at, message.model, message.is_injected)
            for message in live
        ],
        is_copy=True,
    )


def difference(expected: Iterable[ConversationMessage], found: Iterable[ConversationMessage]) -> str | None:
    """The first difference between two conversations, in words; None if both say the same in the same order.

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


def _said(messages: Iterable[ConversationMessage]) -> Iterator[_Said]:
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


class CopyDiffers(StorageError):
    """A written copy is not read back as the conversation that it was made from."""


def check_copy(
    source: str,
    session_id: str,
    files: Sequence[HandoffFile],
    written_at: datetime,
    expected: Iterable[ConversationMessage],
) -> None:
    """Read written files back. Raises CopyDiffers."""
    session = read_copy(source, files, written_at)
    if session is None or session.id != session_id:
        raise CopyDiffers(f"{files[0].path} is not read back as the session.")
    found = difference(expected, messages_of(session))
    if found is not None:
        raise CopyDiffers(f"{files[0].path} is not read back as what was to be handed over: {found}.")
