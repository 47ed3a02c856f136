"""The conversation of a stored session is what its model would see next; the rest is counted."""

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database.database import Database
from storage.documents.document_files import read_file
from storage.documents.formats.registry import FORMATS
from storage.documents.imports import import_document
from storage.errors import TooLarge
from storage.handoff.conversation import Conversation, Summary, Text
from storage.handoff.stored_conversation import read_conversation
from tests.support.archived import take
from tests.support.documents import assistant, user, zagens
from tests.support.handoffs import FIXTURES, fixture_conversations
from tests.support.rollouts import event, header, item, record, rollout, said


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as opened:
        yield opened


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copytree(FIXTURES / "claude_code" / "projects", tmp_path / "claude" / "projects")
    return tmp_path / "claude"


async def conversation(database: Database, session_id: str) -> Conversation:
    found = await read_conversation(database, session_id)
    assert found is not None
    return found


async def test_a_stored_conversation_is_that_of_the_transcript(database: Database, home: Path) -> None:
    await take(database, FORMATS["CLAUDE_CODE"], home)

    for expected in fixture_conversations():
        if expected.source == "CLAUDE_CODE":
            found = await conversation(database, expected.session_id)
            assert found.messages == expected.messages
            assert found.left_messages + found.earlier_messages == expected.left_messages


async def test_messages_before_a_compaction_are_counted_apart_from_branches(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "projects" / "-home-dev-shop"
    folder.mkdir(parents=True)
    said = [
        ("user", None, "first", {}),
        ("assistant", "0", "answer", {}),
        ("user", None, "Summary", {"isCompactSummary": True}),
        ("user", "2", "left", {}),
        ("assistant", "3", "left too", {}),
        ("user", "2", "goes on", {}),
    ]
    lines = [
        {"type": kind, "uuid": str(place), "parentUuid": parent, "message": {"role": kind, "content": text}, **marks}
        for place, (kind, parent, text, marks) in enumerate(said)
    ]
    session_id = "6aed4a66-6c6a-4e3e-8134-000000000001"
    content = "".join(json.dumps({**line, "sessionId": session_id}) + "\n" for line in lines)
    (folder / f"{session_id}.jsonl").write_text(content)
    await take(database, FORMATS["CLAUDE_CODE"], tmp_path)

    found = await conversation(database, session_id)

    assert [part for message in found.messages for part in message.parts] == [Summary("Summary"), Text("goes on")]
    assert (found.earlier_messages, found.left_messages) == (2, 2)


async def test_what_a_sealed_summary_replaced_is_part_of_the_conversation(database: Database, tmp_path: Path) -> None:
    thread_id = "01a2222b-f778-7140-959c-109422cb212b"
    folder = tmp_path / "sessions" / "2026" / "11" / "28"
    folder.mkdir(parents=True)
    sealed = [said("user", "One."), item("compaction", encrypted_content="QUJD")]
    history = {"message": "", "replacement_history": [line["payload"] for line in sealed]}
    undone = [
        said("user", "Undone."),
        event("user_message", message="Undone."),
        event("thread_rolled_back", num_turns=1),
    ]
    lines = [header(thread_id), said("user", "One."), said("assistant", "1"), *undone, record("compacted", history)]
    file = folder / f"rollout-2026-11-28T12-40-36-{thread_id}.jsonl"
    file.write_bytes(rollout(*lines, said("user", "Two.")).data)
    await take(database, FORMATS["CODEX"], tmp_path)

    found = await conversation(database, thread_id)

    parts = [part for message in found.messages for part in message.parts]
    assert parts == [Text("One."), Text("1"), Summary(""), Text("Two.")]
    assert (found.earlier_messages, found.left_messages) == (0, 1)


async def test_a_conversation_beyond_the_limit_is_not_read(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(zagens("a", messages=[user("x" * 1_000), assistant("b")])))
    await import_document(database, read_file(path))

    with pytest.raises(TooLarge):
        await read_conversation(database, "a", max_characters=1_000)

    assert len((await conversation(database, "a")).messages) == 2
    assert await read_conversation(database, "b") is None
