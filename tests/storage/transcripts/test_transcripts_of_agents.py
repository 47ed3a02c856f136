"""Imports of the transcripts of Gemini CLI, OpenCode, Qwen Code and pi, as these programs write them: line by line."""

import contextlib
import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.thread import thread_item
from storage.doctor.doctor import examine
from storage.documents.formats.gemini.gemini_format import GeminiFormat
from storage.documents.formats.opencode.opencode_format import OpenCodeFormat
from storage.documents.formats.pi.pi_format import PiFormat
from storage.documents.formats.qwen.qwen_format import QwenFormat
from storage.documents.formats.transcript_format import TranscriptFormat
from storage.json_codec import dump, load
from tests.conftest import postgresql_slow
from tests.support.archived import archived_bytes, stored_rows, take, texts
from tests.support.seeding import resume, seed
from tests.support.stored_transcript import StoredTranscript

FIXTURES = Path(__file__).parents[1] / "documents" / "formats"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as opened:
        yield opened
        assert [finding.text async for finding in examine(opened)] == []


@postgresql_slow
@pytest.mark.parametrize(
    ("format", "folder"),
    [(GeminiFormat(), "gemini/home"), (QwenFormat(), "qwen/home"), (PiFormat(), "pi/home")],
    ids=["gemini", "qwen", "pi"],
)
async def test_a_transcript_that_grows_gives_the_same_as_the_whole(
    database: Database, tmp_path: Path, format: TranscriptFormat, folder: str
) -> None:
    home = tmp_path / "home"
    shutil.copytree(FIXTURES / folder, home)
    transcripts = {found.name: StoredTranscript.found(found) for found in format.find(home).transcripts}
    for name in transcripts:
        (home / name).write_bytes(b"")
    for name, transcript in transcripts.items():
        for line in transcript.data.splitlines(keepends=True):
            with (home / name).open("ab") as file:
                file.write(line)
            outcomes = await take(database, format, home)
            assert set(outcomes.values()) <= {"EMPTY", "CREATED", "UPDATED", "UNCHANGED"}

    assert await archived_bytes(database) == {(name, 0): one.data for name, one in transcripts.items()}
    for transcript in transcripts.values():
        session = format.derive([transcript])
        assert session is not None
        row, messages = (await stored_rows(database))[session.id]
        assert (row["title"], row["workspace"]) == (session.title or session.first_prompt, session.workspace)
        assert [(one["role"], one["content"]) for one in messages] == [
            (one.role, dump(one.build())) for one in session.messages
        ]
        live = sorted((one["place"], one["position"]) for one in messages if one["place"] is not None)
        assert [position for _, position in live] == list(session.live)


async def test_rows_of_a_database_that_changes_are_taken_again(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    program = sqlite3.connect(path, isolation_level=None)
    program.execute("PRAGMA journal_mode = WAL")
    program.executescript((FIXTURES / "opencode" / "opencode.sql").read_text())
    format = OpenCodeFormat()
    name = "opencode.db/ses_ddf2cd0aaffeJh9chseJaTFwHs"

    assert await take(database, format, tmp_path) == {name: "CREATED"}
    assert await take(database, format, tmp_path) == {}

    program.execute(
        "UPDATE part SET data = json_set(data, '$.text', 'Black tea.'), time_updated = time_updated + 1"
        " WHERE id = 'prt_220d34490001G1cV8taUA31uMy'"
    )
    assert await take(database, format, tmp_path) == {name: "UPDATED"}
    assert (await texts(database, "ses_ddf2cd0aaffeJh9chseJaTFwHs", only_live=True))[-1] == (
        '[{"type":"text","text":"Black tea."}]'
    )
    program.close()


@pytest.mark.parametrize(
    ("change", "column", "value"),
    [("directory", "workspace", "/home/dev/market"), ("title", "title", "Chores of the market")],
    ids=["moved", "renamed"],
)
async def test_a_session_that_another_program_moves_or_renames_is_taken_again(
    database: Database, tmp_path: Path, change: str, column: str, value: str
) -> None:
    program = sqlite3.connect(tmp_path / "opencode.db", isolation_level=None)
    program.executescript((FIXTURES / "opencode" / "opencode.sql").read_text())
    format = OpenCodeFormat()
    await take(database, format, tmp_path)

    # Such a program leaves the times as they are.
    program.execute(f"UPDATE session SET {change} = ?", (value,))
    program.close()
    await take(database, format, tmp_path)
    [(row, _)] = (await stored_rows(database)).values()
    assert row[column] == value
    assert await take(database, format, tmp_path) == {}


async def test_what_opencode_takes_back_stays_in_the_tokens_and_costs(database: Database, tmp_path: Path) -> None:
    program = sqlite3.connect(tmp_path / "opencode.db", isolation_level=None)
    program.executescript((FIXTURES / "opencode" / "opencode.sql").read_text())
    format = OpenCodeFormat()
    spent = "UPDATE message SET data = json_set(data, '$.cost', 0.25) WHERE json_extract(data, '$.role') = 'assistant'"
    program.execute(spent)
    [session_id, replies] = program.execute(
        "SELECT session_id, count(*) FROM message WHERE json_extract(data, '$.role') = 'assistant' GROUP BY session_id"
    ).fetchone()
    program.execute("UPDATE session SET cost = ? WHERE id = ?", (0.25 * replies, session_id))
    await take(database, format, tmp_path)
    before, said = (await stored_rows(database))[session_id]

    # The prompt after an undo deletes what was undone, and takes it out of the sums.
    [last] = program.execute("SELECT max(id) FROM message WHERE session_id = ?", (session_id,)).fetchone()
    program.execute("DELETE FROM part WHERE message_id = ?", (last,))
    program.execute("DELETE FROM message WHERE id = ?", (last,))
    program.execute(
        "UPDATE session SET cost = cost - 0.25, time_updated = time_updated + 1 WHERE id = ?", (session_id,)
    )
    program.close()
    await take(database, format, tmp_path)

    after, still = (await stored_rows(database))[session_id]
    assert before["recorded_cost"] == 0.25 * replies
    assert len(still) == len(said)
    assert [one["place"] is None for one in still] == [*[False] * (len(said) - 1), True]
    for name in ("input_tokens", "cache_read_tokens", "output_tokens", "total_tokens", "recorded_cost"):
        assert after[name] == before[name], name
    usages = [load(one["usage"]) for one in still if one["usage"] is not None]
    assert sum(map(sum, usages)) == after["total_tokens"]


@pytest.mark.parametrize("is_seen", [True, False], ids=["imported", "not imported"])
async def test_parts_that_opencode_takes_back_stay_readable(
    database: Database, tmp_path: Path, *, is_seen: bool
) -> None:
    program = sqlite3.connect(tmp_path / "opencode.db", isolation_level=None)
    program.executescript((FIXTURES / "opencode" / "opencode.sql").read_text())
    format = OpenCodeFormat()
    [session_id, message_id, part_id] = program.execute(
        "SELECT session_id, message_id, id FROM part WHERE json_extract(data, '$.type') = 'tool' ORDER BY id LIMIT 1"
    ).fetchone()
    await take(database, format, tmp_path)
    before, said = (await stored_rows(database))[session_id]
    assert sum("tool_use" in one["content"] for one in said) == 2

    if is_seen:
        revert = dump({"messageID": message_id, "partID": part_id})
        program.execute("UPDATE session SET revert = ?, time_updated = time_updated + 1", (revert,))
        await take(database, format, tmp_path)
    # The prompt after such an undo deletes the part and all behind it.
    program.execute("UPDATE session SET revert = NULL, time_updated = time_updated + 2")
    program.execute("DELETE FROM part WHERE id >= ?", (part_id,))
    program.execute("DELETE FROM message WHERE id > ?", (message_id,))
    program.close()
    await take(database, format, tmp_path)

    after, still = (await stored_rows(database))[session_id]
    assert [one["place"] is None for one in still if "tool_use" in one["content"]] == [True, True]
    assert not any("tool_use" in text for text in await texts(database, session_id, only_live=True))
    for name in ("input_tokens", "cache_read_tokens", "output_tokens", "total_tokens", "recorded_cost"):
        assert after[name] == before[name], name


@pytest.mark.parametrize(
    ("format", "folder"),
    [(GeminiFormat(), "gemini/home"), (QwenFormat(), "qwen/home"), (PiFormat(), "pi/home"), (OpenCodeFormat(), "")],
    ids=["gemini", "qwen", "pi", "opencode"],
)
async def test_a_session_resumes_with_the_answers_of_its_calls(
    database: Database, tmp_path: Path, format: TranscriptFormat, folder: str
) -> None:
    home = FIXTURES / folder
    if not folder:
        home = tmp_path
        with contextlib.closing(sqlite3.connect(home / "opencode.db")) as program:
            program.executescript((FIXTURES / "opencode" / "opencode.sql").read_text())
    await take(database, format, home)
    for session_id in await stored_rows(database):
        thread_id = await resume(database, session_id)
        assert (await seed(database, thread_id)).state == "READY"
        async with database.snapshot() as connection:
            statement = sa.select(thread_item.c.type, thread_item.c.status, thread_item.c.text)
            items = (await connection.execute(statement.where(thread_item.c.thread_id == thread_id))).all()
        calls = [(item.status, bool(item.text)) for item in items if item.type == "ToolCallItem"]
        assert calls
        assert set(calls) == {("COMPLETED", True)}
        prompts = sum(item.type == "UserMessageItem" for item in items)
        assert prompts == (1 if session_id.startswith("7aecce86") else 2)
