"""Sessions that are handed over: the first request of the program that continues holds the whole conversation."""

from pathlib import Path

import pytest

from storage.database.database import Database
from storage.database.migrations import migrate
from storage.documents.derived_session import FORK, DerivedSession
from storage.documents.formats.registry import FORMATS
from storage.handoff.archived_files import archived_files
from storage.handoff.conversation import Call, ConversationMessage, Part, Picture, Summary, Text, Thinking
from storage.handoff.handoff import Handoff, make_handoff
from storage.handoff.new_files import copy_new, is_taken, place_of
from storage.transcripts.text_imports import import_transcript
from tests.agents.conftest import Prepare
from tests.agents.model_server.conversation import Expected, as_json, missing
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.claude_code import ClaudeCode
from tests.agents.programs.codex import Codex
from tests.agents.programs.gemini_cli import GeminiCli
from tests.agents.programs.opencode import OpenCode
from tests.agents.programs.pi import Pi
from tests.agents.programs.program import Program
from tests.agents.programs.qwen_code import QwenCode
from tests.agents.recording import SECOND_ANSWER, record, resumed
from tests.agents.test_watch import forget
from tests.support.archived import take
from tests.support.handoffs import fixture_conversations, hard_conversation, with_summary
from tests.support.stored_transcript import StoredTranscript

PROGRAMS: dict[str, type[Program]] = {
    "CLAUDE_CODE": ClaudeCode,
    "CODEX": Codex,
    "GEMINI": GeminiCli,
    "OPENCODE": OpenCode,
    "QWEN_CODE": QwenCode,
    "PI": Pi,
}
NEXT_PROMPT = "And the dearest?"


def expected(handoff: Handoff) -> list[Expected]:
    """The items that the program must send, in order."""
    items = [item for message in handoff.prepared.messages for item in _items(handoff.to, message)]
    return [*items, Expected("text", NEXT_PROMPT, "user")]


def _items(to: str, message: ConversationMessage) -> list[Expected]:
    said: list[Expected] = []
    for part in message.parts:
        item = _item(message.role.lower(), part)
        if to in ("OPENCODE", "PI") and item.kind == "text" and said and said[-1].kind == "text":
            # These programs join the texts of a message.
            continue
        said.append(item)
    answers = [
        Expected("result", part.text)
        for call in message.parts
        if isinstance(call, Call) and call.answer is not None
        for part in call.answer.content
        if isinstance(part, Text)
    ]
    return said + answers


def texts_in_order(handoff: Handoff, sent: str) -> bool:
    """Whether all texts are sent, each after the one before."""
    place = 0
    for message in handoff.prepared.messages:
        for part in message.parts:
            if isinstance(part, Text | Summary):
                found = sent.find(part.text, place)
                if found < 0:
                    return False
                place = found + len(part.text)
    return True


def _item(role: str, part: Part) -> Expected:
    match part:
        case Text(text):
            return Expected("text", text, role)
        case Summary(text):
            return Expected("text", text)
        case Picture():
            return Expected("image", part.data, role)
        case Call(name, given, _):
            words = next(iter(given.values()), "") if isinstance(given, dict) else given
            first_line = words.splitlines()[0] if isinstance(words, str) and words else ""
            if isinstance(given, dict):
                first_line = as_json([first_line])[2:-2]
            return Expected("call", first_line, "assistant", name)
        case Thinking(text):
            return Expected("thinking", text, "assistant")
    raise AssertionError(f"Not prepared: {part}")


def write(handoff: Handoff, root: Path) -> None:
    for file in handoff.files:
        path = root / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.content, encoding="utf-8")


@pytest.mark.parametrize("to", ["CLAUDE_CODE", "CODEX"])
@pytest.mark.parametrize("source", sorted({conversation.source for conversation in fixture_conversations()}))
def test_saved_sessions_of_every_agent_are_continued(
    prepare: Prepare, models: ModelServer, cwd: Path, source: str, to: str
) -> None:
    if source == to:
        pytest.skip("A session goes back to its own agent as it was")
    of_source = (one for one in fixture_conversations() if one.source == source)
    conversation = max(of_source, key=lambda one: len(str(one.messages)))
    program = prepare(PROGRAMS[to])
    handoff = make_handoff(conversation, to, str(cwd))
    write(handoff, program.root)

    request = resumed(program, models, handoff.session_id, NEXT_PROMPT, cwd)

    assert missing(request.conversation, expected(handoff)) == []


def saved(program: Program, source: str, session_id: str) -> DerivedSession:
    """The session as an import reads it."""
    format = FORMATS[source]
    found = map(StoredTranscript.found, format.find(program.root).transcripts)
    session = format.derive([transcript for transcript in found if format.session_id(transcript) == session_id])
    assert session is not None
    return session


@pytest.mark.parametrize("to", PROGRAMS)
@pytest.mark.parametrize("has_summary", [False, True], ids=["whole", "compacted"])
def test_a_program_continues_the_whole_conversation(
    prepare: Prepare, models: ModelServer, cwd: Path, to: str, has_summary: bool
) -> None:
    program = prepare(PROGRAMS[to])
    conversation = hard_conversation(str(cwd))
    handoff = make_handoff(with_summary(conversation) if has_summary else conversation, to, None)
    write(handoff, program.root)
    for words in handoff.commands[:-1]:
        run = program.command(*(str(program.root / word) if "/" in word else word for word in words[1:]), cwd=cwd)
        assert run.status == 0, run.errors

    request = resumed(program, models, handoff.session_id, NEXT_PROMPT, cwd)

    assert missing(request.conversation, expected(handoff)) == []
    assert texts_in_order(handoff, "".join(item.text for item in request.conversation))
    pictures = [item for item in request.conversation if item.kind == "image"]
    assert len(pictures) >= len(str(handoff.prepared.messages).split("Picture(")) - 1
    said = [item.text for item in request.conversation]
    assert [text for text in said if "<turn_meta>" in text or "No response requested" in text] == []
    session = saved(program, to, handoff.session_id)
    assert (session.id, session.kind, session.parent_id) == (handoff.session_id, FORK, conversation.session_id)
    assert session.title == "The red dot (from zagens)"
    assert any(SECOND_ANSWER in str(message.build()) for message in session.messages)


@pytest.mark.parametrize("is_alone", [False, True], ids=["in its home", "alone"])
@pytest.mark.parametrize("source", PROGRAMS)
async def test_a_restored_session_continues_as_if_nothing_had_happened(
    prepare: Prepare, models: ModelServer, cwd: Path, tmp_path: Path, source: str, is_alone: bool
) -> None:
    if is_alone and source == "OPENCODE":
        pytest.skip("Its sessions have no files of their own")
    recorded = record(prepare(PROGRAMS[source]), models, cwd)
    program = recorded.program
    await migrate(url := f"sqlite:///{tmp_path / 'reprise.db'}")
    async with Database(url) as database:
        if is_alone:
            await import_transcript(database, FORMATS[source], recorded.file.read_bytes())
        else:
            await take(database, FORMATS[source], program.root)
        forget(program)
        own = await archived_files(database, recorded.session_id, lambda _: program.root)
        assert own is not None
        for file in own.files:
            # Gemini CLI leaves the file that names the directory.
            if not is_taken(place := place_of(program.root, file.path)):
                await copy_new(place, file.read())
    for words in own.commands[:-1]:
        run = program.command(*(str(program.root / word) if "/" in word else word for word in words[1:]), cwd=cwd)
        assert run.status == 0, run.errors

    request = resumed(program, models, recorded.session_id, NEXT_PROMPT, cwd)

    more = [Expected("text", SECOND_ANSWER, "assistant"), Expected("text", NEXT_PROMPT, "user")]
    assert missing(request.conversation, [*recorded.expected(), *more]) == []
    # Gemini CLI begins another file in another minute.
    assert is_alone or recorded.file in program.files()
