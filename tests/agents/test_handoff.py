"""Sessions that are handed over: the first request of the program that goes on holds the whole conversation."""

from pathlib import Path

import pytest

from storage.documents.derived_session import FORK
from storage.documents.formats.registry import FORMATS
from storage.handoff.conversation import Call, Message, Part, Picture, Summary, Text, Thinking
from storage.handoff.handoff import Handoff, make_handoff
from tests.agents.conftest import Prepare
from tests.agents.model_server.conversation import Expected, as_json, missing
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.claude_code import ClaudeCode
from tests.agents.programs.codex import Codex
from tests.agents.programs.program import Program
from tests.agents.recording import SECOND_ANSWER, resumed
from tests.support.handoffs import hard_conversation, with_summary
from tests.support.stored_transcript import StoredTranscript

PROGRAMS: dict[str, type[Program]] = {"CLAUDE_CODE": ClaudeCode, "CODEX": Codex}
NEXT_PROMPT = "And the dearest?"


def expected(handoff: Handoff) -> list[Expected]:
    """The items that the program must send, in order."""
    items = [item for message in handoff.prepared.messages for item in _items(message)]
    return [*items, Expected("text", NEXT_PROMPT, "user")]


def _items(message: Message) -> list[Expected]:
    calls = [part for part in message.parts if isinstance(part, Call)]
    said = [_item(message.role.lower(), part) for part in message.parts]
    answers = [
        Expected("result", part.text)
        for call in calls
        if call.answer is not None
        for part in call.answer.content
        if isinstance(part, Text)
    ]
    return said + answers


def _item(role: str, part: Part) -> Expected:
    match part:
        case Text(text):
            return Expected("text", text, role)
        case Summary(text):
            return Expected("text", text)
        case Picture():
            return Expected("image", part.data, role)
        case Call(name, given, _):
            [value] = list(given.values())[:1] if isinstance(given, dict) else [given]
            return Expected("call", as_json(value).splitlines()[0], "assistant", name)
        case Thinking(text):
            return Expected("thinking", text, "assistant")
    raise AssertionError(f"Not prepared: {part}")


def write(handoff: Handoff, root: Path) -> None:
    for file in handoff.files:
        path = root / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.content, encoding="utf-8")


@pytest.mark.parametrize("to", PROGRAMS)
@pytest.mark.parametrize("has_summary", [False, True], ids=["whole", "compacted"])
def test_a_program_goes_on_from_the_whole_conversation(
    prepare: Prepare, models: ModelServer, cwd: Path, to: str, has_summary: bool
) -> None:
    program = prepare(PROGRAMS[to])
    conversation = hard_conversation(str(cwd))
    handoff = make_handoff(with_summary(conversation) if has_summary else conversation, to, None)
    write(handoff, program.root)

    request = resumed(program, models, handoff.session_id, NEXT_PROMPT, cwd)

    assert missing(request.conversation, expected(handoff)) == []
    said = [item.text for item in request.conversation]
    assert [text for text in said if "<turn_meta>" in text or "No response requested" in text] == []
    [file] = program.files()
    session = FORMATS[to].derive([StoredTranscript(file.relative_to(program.root).as_posix(), file.read_bytes())])
    assert session is not None
    assert (session.id, session.kind, session.parent_id) == (handoff.session_id, FORK, conversation.session_id)
    assert session.title == "The red dot (from zagens)"
    assert any(SECOND_ANSWER in str(message.build()) for message in session.messages)
