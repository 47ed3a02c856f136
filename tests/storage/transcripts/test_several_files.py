"""Imports of transcripts in several files: copies, moved files, files that grow apart."""

import shutil
from pathlib import Path

import pytest
import zstandard

from storage.database.database import Database
from storage.transcripts.transcript_imports import find_transcripts, import_found
from tests.support.archived import archived_bytes, stored_keys, stored_rows, stored_transcripts, take, texts
from tests.support.databases import SqliteDatabases
from tests.support.line_format import line, lines
from tests.support.transcript_homes import FORMAT, append, put, text_of

START = line(session="s1") + line(user="one")
LEFT, RIGHT = line(assistant="left"), line(assistant="right")


async def test_an_older_copy_is_outdated_and_changes_nothing(database: Database, home: Path) -> None:
    whole = lines("s1", "one", "two", "three")
    put(home, "a.lines", whole)
    await take(database, FORMAT, home)
    before = await stored_rows(database)

    put(home, "a.lines", lines("s1", "one"))
    assert await take(database, FORMAT, home) == {"a.lines": "OUTDATED"}
    assert await stored_rows(database) == before
    assert await take(database, FORMAT, home) == {}

    put(home, "a.lines", lines("s1", "one", title="Renamed then"))
    assert await take(database, FORMAT, home) == {"a.lines": "OUTDATED"}
    assert await stored_rows(database) == before

    put(home, "a.lines", lines("s1", "one", "lost"))
    assert await take(database, FORMAT, home) == {"a.lines": "OUTDATED"}
    assert await texts(database, "s1", only_live=True) == text_of("one", "two", "three")
    assert sorted(await texts(database, "s1")) == sorted(text_of("one", "lost", "two", "three"))


async def test_moved_and_copied_files_are_the_same_transcript(database: Database, home: Path) -> None:
    data = lines("s1", "one")
    put(home, "a.lines", data)
    await take(database, FORMAT, home)

    put(home, "copy/a.lines", data)
    assert await take(database, FORMAT, home) == {"copy/a.lines": "UNCHANGED"}
    assert [row.name for row in await stored_transcripts(database)] == ["copy/a.lines"]
    put(home, "0.lines", data)
    assert await take(database, FORMAT, home) == {"0.lines": "UNCHANGED"}
    assert [row.name for row in await stored_transcripts(database)] == ["copy/a.lines"]
    (home / "0.lines").unlink()

    shutil.move(home / "a.lines", home / "moved.lines")
    shutil.rmtree(home / "copy")
    append(home, "moved.lines", line(assistant="two"))
    assert await take(database, FORMAT, home) == {"moved.lines": "UPDATED"}
    assert await archived_bytes(database) == {("moved.lines", 0): data + line(assistant="two")}
    assert await texts(database, "s1") == text_of("one", "two")


async def test_a_file_that_is_gone_changes_nothing(database: Database, home: Path) -> None:
    put(home, "a.lines", lines("s1", "one"))
    await take(database, FORMAT, home)
    before = await stored_rows(database)
    (home / "a.lines").unlink()
    assert await take(database, FORMAT, home) == {}
    assert await stored_rows(database) == before


async def test_several_files_make_one_session_in_any_order(database: Database, home: Path) -> None:
    put(home, "2.lines", line(session="s1") + line(assistant="two"))
    assert await take(database, FORMAT, home) == {"2.lines": "CREATED"}
    put(home, "1.lines", line(session="s1") + line(user="one"))
    assert await take(database, FORMAT, home) == {"1.lines": "UPDATED"}
    append(home, "2.lines", line(user="three"))
    assert await take(database, FORMAT, home) == {"2.lines": "UPDATED"}
    assert await texts(database, "s1") == text_of("one", "two", "three")


@pytest.mark.slow
@pytest.mark.parametrize(
    "writes",
    [
        [("1", START), ("2", START), ("2", START + RIGHT), ("1", START + LEFT)],
        [("1", START), ("2", START), ("1", START + LEFT), ("2", START + RIGHT)],
        [("2", START), ("1", START), ("1", START + LEFT), ("2", START + RIGHT)],
        [("2", START + RIGHT), ("1", START), ("1", START + LEFT)],
        [("1", START), ("2", START + RIGHT), ("1", START + LEFT)],
        [("1", START[:5]), ("2", START + RIGHT), ("1", START)],
        [("1", START), ("2", START + RIGHT)],
        [("2", START + RIGHT), ("1", START)],
        [("2", START), ("1", START)],
        [("1", START), ("2", START)],
        [("1", START), ("1", START + LEFT), ("2", START), ("2", START + LEFT + RIGHT)],
    ],
)
async def test_files_that_begin_alike_are_stored_the_same_in_whatever_order_they_grow(
    database: Database, home: Path, sqlite_databases: SqliteDatabases, writes: list[tuple[str, bytes]]
) -> None:
    for name, data in writes:
        put(home, f"{name}.lines", data)
        await take(database, FORMAT, home)
    with sqlite_databases.copy() as url:
        async with Database(url) as other:
            await take(other, FORMAT, home)
            assert await stored_rows(database) == await stored_rows(other)
            assert await archived_bytes(database) == await archived_bytes(other)
    assert await take(database, FORMAT, home) == {}


async def test_two_files_of_one_transcript_grow_apart_at_once(database: Database, home: Path) -> None:
    put(home, "1.lines", START)
    put(home, "2.lines", START)
    await take(database, FORMAT, home)
    append(home, "1.lines", LEFT)
    append(home, "2.lines", RIGHT)

    await take(database, FORMAT, home)

    assert await archived_bytes(database) == {("1.lines", 0): START + LEFT, ("2.lines", 0): START + RIGHT}


async def test_files_of_one_name_in_two_homes_grow_apart_at_once(database: Database, home: Path) -> None:
    homes = [home / "first", home / "second"]
    for folder, more in zip(homes, (LEFT, RIGHT), strict=True):
        put(folder, "1.lines", START)
        await take(database, FORMAT, folder)
        append(folder, "1.lines", more)

    found = await find_transcripts(database, FORMAT, homes)
    assert [one.result async for outcomes in import_found(database, found) for one in outcomes] == ["UPDATED"] * 2

    assert set((await archived_bytes(database)).values()) == {START + LEFT, START + RIGHT}


async def test_a_file_that_was_replaced_moves_with_all_its_generations(database: Database, home: Path) -> None:
    for text in ("old", "new"):
        put(home, "1.lines", lines("s1", text, text))
        await take(database, FORMAT, home)
    before = await texts(database, "s1", only_live=True)
    (home / "1.lines").rename(home / "2.lines")

    await take(database, FORMAT, home)

    assert {(row.name, row.generation) for row in await stored_transcripts(database)} == {
        ("2.lines", 0),
        ("2.lines", 1),
    }
    assert await texts(database, "s1", only_live=True) == before


async def test_a_transcript_continues_another_whichever_comes_first(database: Database, home: Path) -> None:
    put(home, "fork.lines", line(session="fork", base="base") + line(user="mine"))
    await take(database, FORMAT, home)
    assert await texts(database, "fork") == text_of("mine")
    put(home, "base.lines", lines("base", "one", "two"))

    await take(database, FORMAT, home)

    assert await texts(database, "fork") == text_of("one", "two", "mine")
    assert await stored_keys(database) == {("base", True), ("fork", True), ("base", False)}


async def test_companions_are_read_again_when_they_change(database: Database, home: Path) -> None:
    put(home, "a.lines", lines("s1", "one"))
    await take(database, FORMAT, home)
    put(home, "a.note", b"First")
    assert await take(database, FORMAT, home) == {"a.lines": "UPDATED"}
    put(home, "a.note", b"Second, longer")
    assert await take(database, FORMAT, home) == {"a.lines": "UPDATED"}
    (home / "a.note").unlink()
    assert await take(database, FORMAT, home) == {}
    rows = await stored_rows(database)
    assert rows["s1"][0]["title"] == "Second, longer"


async def test_a_companion_that_is_gone_stays_when_its_transcript_grows(database: Database, home: Path) -> None:
    put(home, "a.lines", lines("s1", "one"))
    put(home, "a.note", b"A title")
    await take(database, FORMAT, home)
    (home / "a.note").unlink()
    append(home, "a.lines", line(assistant="two"))

    assert await take(database, FORMAT, home) == {"a.lines": "UPDATED"}

    session, messages = (await stored_rows(database))["s1"]
    assert (session["title"], len(messages)) == ("A title", 2)


async def test_a_compressed_file_is_the_same_transcript(database: Database, home: Path) -> None:
    data = lines("s1", "one", "two")
    put(home, "a.lines", data)
    await take(database, FORMAT, home)
    (home / "a.lines").unlink()
    put(home, "a.lines.zst", zstandard.compress(data[:40]) + zstandard.compress(data[40:]))
    assert await take(database, FORMAT, home) == {"a.lines": "UNCHANGED"}
    put(home, "b.lines.zst", zstandard.compress(lines("s2", "new")))
    assert await take(database, FORMAT, home) == {"b.lines": "CREATED"}
    put(home, "c.lines.zst", b"not zstd")
    assert list(await take(database, FORMAT, home)) == ["c.lines"]
