"""Imports of transcripts: what is stored after each kind of change below a home."""

import asyncio
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import storage.transcripts.opened_transcript
import storage.transcripts.session_derivation
import storage.transcripts.transcript_import
import storage.transcripts.transcript_taking
from storage.archive.file_state import SAMPLE_BYTES
from storage.database.database import Database
from storage.documents.formats.registry import FORMATS
from storage.documents.outcomes import DELETED, GONE, UPDATED
from storage.transcripts.transcript_comparison import Relation, compare
from storage.transcripts.transcript_imports import find_transcripts, import_found
from tests.support.archived import archived_bytes, stored_rows, stored_transcripts, take, texts
from tests.support.line_format import LineFormat, line, lines
from tests.support.stored_sessions import delete_session
from tests.support.transcript_homes import FORMAT, append, put, text_of


async def test_new_transcripts_are_archived_and_derived(database: Database, home: Path) -> None:
    first, second = lines("s1", "Fix the cart", "Done"), lines("s2", "Hello", title="Greeting")
    put(home, "a.lines", first)
    put(home, "b/b.lines", second)
    put(home, "config.json", b"{}")

    assert await take(database, FORMAT, home) == {"a.lines": "CREATED", "b/b.lines": "CREATED"}

    assert await archived_bytes(database) == {("a.lines", 0): first, ("b/b.lines", 0): second}
    rows = await stored_rows(database)
    assert {id: (row["title"], row["message_count"], row["item_count"]) for id, (row, _) in rows.items()} == {
        "s1": ("Fix the cart", 2, 2),
        "s2": ("Greeting", 1, 1),
    }
    [prompt, reply] = rows["s1"][1]
    assert (prompt["role"], prompt["place"], prompt["model"]) == ("USER", 0, None)
    assert (reply["role"], reply["place"], reply["model"], reply["usage"]) == ("ASSISTANT", 1, "model-1", "[0,0,0,1,0]")
    assert all(row.is_derived for row in await stored_transcripts(database))


async def test_nothing_changed_reads_no_file(database: Database, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(home, "a.lines", lines("s1", "one"))
    put(home, "a.note", b"A note")
    await take(database, FORMAT, home)

    def refuse(*_: object) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr(os, "open", refuse)
    found = await find_transcripts(database, FORMAT, [home])
    assert (found.changed, found.unchanged_count) == ([], 1)


async def test_a_grown_file_adds_its_whole_lines(database: Database, home: Path) -> None:
    put(home, "a.lines", lines("s1", "one"))
    await take(database, FORMAT, home)

    append(home, "a.lines", line(assistant="two") + line(user="three")[:-9])
    assert await take(database, FORMAT, home) == {"a.lines": "UPDATED"}
    assert await texts(database, "s1") == text_of("one", "two")

    append(home, "a.lines", line(user="three")[-9:])
    assert await take(database, FORMAT, home) == {"a.lines": "UPDATED"}
    assert await texts(database, "s1") == text_of("one", "two", "three")
    assert (await archived_bytes(database))[("a.lines", 0)] == (home / "a.lines").read_bytes()


async def test_a_reply_of_several_lines_grows_in_place(database: Database, home: Path) -> None:
    put(home, "a.lines", lines("s1", "one", "two"))
    await take(database, FORMAT, home)
    [before, _] = [row["number"] for row in await numbers(database)] * 2

    append(home, "a.lines", line(more=[{"type": "tool_use", "id": "c", "name": "bash", "input": {"cmd": "ls"}}]))
    append(home, "a.lines", line(tool=[{"type": "tool_result", "tool_use_id": "c", "content": "README"}]))
    assert await take(database, FORMAT, home) == {"a.lines": "UPDATED"}

    rows, _ = (await stored_rows(database))["s1"]
    assert (rows["message_count"], rows["item_count"]) == (3, 3)
    assert [row["number"] for row in await numbers(database)] == [before]


async def numbers(database: Database) -> list[dict[str, int]]:
    import sqlalchemy as sa

    async with database.snapshot() as connection:
        found = await connection.execute(sa.text("SELECT number, transcript_rewrites FROM session ORDER BY id"))
        return [dict(row) for row in found.mappings()]


async def test_a_rewind_takes_messages_out_of_what_the_model_sees(database: Database, home: Path) -> None:
    put(home, "a.lines", lines("s1", "one", "two", "three", "four"))
    await take(database, FORMAT, home)

    append(home, "a.lines", line(rewind=2) + line(user="other"))
    await take(database, FORMAT, home)

    assert await texts(database, "s1") == text_of("one", "two", "three", "four", "other")
    assert await texts(database, "s1", only_live=True) == text_of("one", "two", "other")


async def test_a_replaced_file_begins_a_generation_and_what_it_lacks_stays(database: Database, home: Path) -> None:
    first, second = lines("s1", "one", "two", "three"), lines("s1", "one", "other", "three", "four")
    put(home, "a.lines", first)
    await take(database, FORMAT, home)
    put(home, "a.lines", second)

    assert await take(database, FORMAT, home) == {"a.lines": "UPDATED"}

    assert await texts(database, "s1") == text_of("one", "two", "other", "three", "four")
    assert await texts(database, "s1", only_live=True) == text_of("one", "other", "three", "four")
    assert await archived_bytes(database) == {("a.lines", 0): first, ("a.lines", 1): second}


@pytest.mark.parametrize("changed", [0, 2])
async def test_a_file_that_grew_and_was_changed_elsewhere_begins_a_generation(
    database: Database, home: Path, changed: int
) -> None:
    # Longer than the samples at either end of a file that tell whether it only grew.
    said = [character * SAMPLE_BYTES for character in "abc"]
    put(home, "a.lines", lines("s1", *said))
    await take(database, FORMAT, home)
    said[changed] = "x" * SAMPLE_BYTES
    data = put(home, "a.lines", lines("s1", *said, "more")).read_bytes()

    assert await take(database, FORMAT, home) == {"a.lines": "UPDATED"}

    assert (await archived_bytes(database))["a.lines", 1] == data
    assert await texts(database, "s1", only_live=True) == text_of(*said, "more")


async def test_a_generation_that_adds_nothing_is_dropped(database: Database, home: Path) -> None:
    put(home, "a.whole", lines("s1", "one", "two"))
    await take(database, FORMAT, home)
    second = line(session="s1", title="New") + lines("s1", "one", "two", "three").partition(b"\n")[2]
    put(home, "a.whole", second)

    assert await take(database, FORMAT, home) == {"a.whole": "UPDATED"}

    assert await texts(database, "s1") == text_of("one", "two", "three")
    assert await archived_bytes(database) == {("a.whole", 1): second}


async def test_a_message_that_changes_in_a_rewritten_file_is_one_message(database: Database, home: Path) -> None:
    put(home, "a.whole", lines("s1", "one", "two"))
    await take(database, FORMAT, home)
    for _ in range(3):
        append(home, "a.whole", line(more="more"))
        # Another beginning, so that no file begins with the bytes of the one before.
        put(home, "a.whole", b"\n" + (home / "a.whole").read_bytes())
        assert await take(database, FORMAT, home) == {"a.whole": "UPDATED"}

    assert len(await texts(database, "s1")) == 2
    assert list(await archived_bytes(database)) == [("a.whole", 3)]


async def test_a_database_is_read_while_its_agent_writes(database: Database, tmp_path: Path) -> None:
    home = tmp_path / "opencode"
    home.mkdir()
    writer = sqlite3.connect(home / "opencode.db", isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.executescript(
        (Path(__file__).parents[1] / "documents" / "formats" / "opencode" / "opencode.sql").read_text()
    )
    format = FORMATS["OPENCODE"]
    assert "CREATED" in (await take(database, format, home)).values()
    assert await take(database, format, home) == {}
    before = await stored_rows(database)

    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE part SET data = replace(data, 'Let me look.', 'Let me look twice.'), time_updated = 9e12")
    assert await take(database, format, home) == {}
    writer.execute("COMMIT")
    assert "UPDATED" in (await take(database, format, home)).values()

    changed = await stored_rows(database)
    assert {id: len(messages) for id, (_, messages) in changed.items()} == {
        id: len(messages) for id, (_, messages) in before.items()
    }
    assert "Let me look twice." in str(changed)
    assert 'Let me look."' not in str(changed)
    assert {row.generation for row in await stored_transcripts(database)} <= {0, 1}
    writer.close()


async def test_a_session_that_is_deleted_while_its_transcript_is_compared_stays_deleted(
    database: Database, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home, "1.lines", lines("s1", "one", "two"))
    await take(database, FORMAT, home)
    put(home, "1.lines", lines("s1", "one"))
    loop = asyncio.get_running_loop()

    def compare_deleted(*arguments: Any) -> Relation:
        # By another process, between the read of the transcript's row and that of its bytes.
        asyncio.run_coroutine_threadsafe(delete_session(database, "s1"), loop).result()
        return compare(*arguments)

    monkeypatch.setattr(storage.transcripts.transcript_import, "compare", compare_deleted)

    assert await take(database, FORMAT, home) == {"1.lines": DELETED}
    assert await stored_rows(database) == {}


async def test_a_file_that_is_gone_before_it_is_read_is_refused_only_when_it_is_named(
    database: Database, home: Path
) -> None:
    put(home, "1.lines", lines("s1", "one"))
    put(home, "2.lines", lines("s2", "stays"))
    await take(database, FORMAT, home)
    for name in ("1.lines", "2.lines"):
        append(home, name, line(assistant="two"))
    new = put(home, "3.lines", lines("s3", "new"))
    found = await find_transcripts(database, FORMAT, [home])
    walked = FORMAT.find(home).transcripts
    # As Codex moves a session that is archived, and Claude Code deletes old ones.
    (home / "1.lines").rename(home / "moved.lines")
    new.unlink()

    outcomes = [one async for outcomes in import_found(database, found) for one in outcomes]
    assert {one.found.name: one.result for one in outcomes} == {"1.lines": GONE, "2.lines": UPDATED, "3.lines": GONE}
    assert (await find_transcripts(database, FORMAT, (), walked=walked)).refused == []
    assert await take(database, FORMAT, home) == {"moved.lines": UPDATED}

    named = await find_transcripts(database, FORMAT, (), named=walked)
    assert named.refused == [(path, "No such file or directory") for path in (home / "1.lines", new)]
    named = named._replace(changed=[one for one in found.changed if one.found.path == new])
    [[refused]] = [outcomes async for outcomes in import_found(database, named)]
    assert (refused.result, refused.reason) == (None, "No such file or directory")


async def test_what_was_deleted_here_comes_back_only_when_it_is_wished(database: Database, home: Path) -> None:
    put(home, "a.lines", lines("s1", "one"))
    await take(database, FORMAT, home)
    await delete_session(database, "s1")
    assert await stored_transcripts(database) == []

    found = await find_transcripts(database, FORMAT, [home])
    assert (found.changed, [one.name for one in found.deleted]) == ([], ["a.lines"])
    append(home, "a.lines", line(assistant="two"))
    assert await take(database, FORMAT, home) == {"a.lines": "DELETED"}
    assert await take(database, FORMAT, home) == {}
    assert await stored_rows(database) == {}

    assert await take(database, FORMAT, home, include_deleted=True) == {"a.lines": "CREATED"}
    assert await texts(database, "s1") == text_of("one", "two")


async def test_a_session_of_another_agent_is_a_conflict(database: Database, home: Path) -> None:
    put(home, "a.lines", lines("s1", "one"))
    await take(database, FORMAT, home)
    other = LineFormat(source="CODEX", agent="Others")
    put(home / "other", "b.lines", lines("s1", "two"))
    put(home / "other", "c.lines", lines("s3", "three"))

    outcomes = await take(database, other, home / "other")

    assert outcomes["c.lines"] == "CREATED"
    assert outcomes["b.lines"] == "The session s1 is stored already, and another agent than Others wrote it."
    assert await texts(database, "s1") == text_of("one")


async def test_files_that_hold_no_session_are_kept_until_they_do(database: Database, home: Path) -> None:
    put(home, "a.lines", b"no json\n")
    put(home, "b.lines", line(session="s2"))
    put(home, "c.lines", b"")
    assert set((await take(database, FORMAT, home)).values()) == {"EMPTY"}
    assert await take(database, FORMAT, home) == {}
    for name, id in (("a", "s1"), ("b", "s2"), ("c", "s3")):
        append(home, f"{name}.lines", lines(id, "one"))
    assert list((await take(database, FORMAT, home)).values()) == ["CREATED"] * 3
    assert sorted(await stored_rows(database)) == ["s1", "s2", "s3"]


@pytest.mark.slow
async def test_a_large_transcript_is_stored_in_pieces(
    database: Database, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.transcripts.transcript_taking, "MOST_TAKEN_BYTES", 2_000)
    monkeypatch.setattr(storage.transcripts.opened_transcript, "PIECE_BYTES", 3_000)
    monkeypatch.setattr(storage.transcripts.session_derivation, "PIECE_BYTES", 4_000)
    many = [f"message {number} " + "word " * (number % 50) for number in range(300)]
    data = lines("s1", *many, "x" * 9_000, "end")
    put(home, "a.lines", data)
    assert await take(database, FORMAT, home) == {"a.lines": "CREATED"}
    assert (await archived_bytes(database))[("a.lines", 0)] == data
    assert len(await texts(database, "s1")) == 302
    append(home, "a.lines", line(more="!"))
    assert await take(database, FORMAT, home) == {"a.lines": "UPDATED"}
    row, _ = (await stored_rows(database))["s1"]
    assert (row["message_count"], row["item_count"], row["parser_version"]) == (302, 303, 1)


async def test_texts_that_no_database_stores_are_replaced(database: Database, home: Path) -> None:
    put(
        home,
        "a.lines",
        line(session="s1", title="a\0b") + line(user="x\0y \ud800 z") + line(assistant=[{"type": "x\0"}]),
    )
    assert await take(database, FORMAT, home) == {"a.lines": "CREATED"}
    assert await texts(database, "s1") == [*text_of("x\ufffdy \ufffd z"), '[{"type":"x\ufffd"}]']


async def test_an_id_that_cannot_be_one_is_refused(database: Database, home: Path) -> None:
    put(home, "a.lines", lines("../../x", "one"))
    [reason] = (await take(database, FORMAT, home)).values()
    assert reason == "The id of its session is invalid: '../../x'."


@pytest.mark.slow
async def test_two_processes_may_import_the_same_at_once(database: Database, database_url: str, home: Path) -> None:
    for number in range(12):
        put(home, f"{number}.lines", lines(f"s{number}", "one", "two"))
    put(home, "more.lines", line(session="s3") + line(user="three"))
    async with Database(database_url) as other:
        await asyncio.gather(take(database, FORMAT, home), take(other, FORMAT, home))
        for number in range(12):
            append(home, f"{number}.lines", line(more="!") + line(user="four"))
        await asyncio.gather(take(database, FORMAT, home), take(other, FORMAT, home))

    rows = await stored_rows(database)
    assert sorted(rows) == sorted(f"s{number}" for number in range(12))
    assert {id: row["message_count"] for id, (row, _) in rows.items()} == {id: 4 if id == "s3" else 3 for id in rows}
    for (name, _), data in (await archived_bytes(database)).items():
        assert data == (home / name).read_bytes()
