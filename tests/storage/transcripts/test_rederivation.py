"""Sessions are derived again from the archive by a newer version of their format, without the files."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.transcript import transcript, transcript_chunk
from storage.doctor.doctor import examine
from storage.documents.formats.registry import FORMATS
from storage.transcripts import session_derivation
from storage.transcripts.derived_plan import MOST_REPLACED, DerivedPlan, plan_session
from storage.transcripts.rederivation import keep_derived, outdated_sessions, rederive
from tests.support.archived import stored_rows, stored_transcripts, take, texts
from tests.support.line_format import LineFormat, line, lines
from tests.support.stored_sessions import delete_session, update_session

FORMAT = LineFormat()
NEWER = LineFormat(version=2, shouts=True)


async def test_what_people_made_of_a_session_stays(database: Database, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "a.lines").write_bytes(lines("s1", "one", "two"))
    (home / "b.lines").write_bytes(lines("s2", "three"))
    (home / "c.lines").write_bytes(lines("s3", "gone"))
    await take(database, FORMAT, home)
    await update_session(database, "s1", "My title", True)
    await delete_session(database, "s3")
    shutil.rmtree(home)

    outcomes = [one async for one in rederive(database, {NEWER.source: NEWER})]

    assert sorted(outcomes) == [("s1", "UPDATED"), ("s2", "UPDATED")]
    assert await texts(database, "s1") == ['[{"type":"text","text":"ONE"}]', '[{"type":"text","text":"TWO"}]']
    rows = await stored_rows(database)
    assert {id: (row["title"], row["is_archived"], row["parser_version"]) for id, (row, _) in rows.items()} == {
        "s1": ("My title", True, 2),
        "s2": ("THREE", False, 2),
    }
    assert [one async for one in rederive(database, {NEWER.source: NEWER})] == []


async def test_outdated_sessions_are_found_without_reading_the_rows_of_others(database: Database) -> None:
    ran: list[tuple[str, Any]] = []

    @sa.event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def _record(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        ran.append((statement, parameters))

    assert await outdated_sessions(database, FORMATS) == []
    of_sessions = [(statement, values) for statement, values in ran if "parser_version" in statement]
    async with database.snapshot() as connection:
        run = connection.connection.exec_driver_sql
        if not database.is_sqlite:
            # As for many sessions.
            for kind in ("seqscan", "bitmapscan"):
                await run(f"SET LOCAL enable_{kind} = off")
        for statement, values in of_sessions:
            explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
            plan = "\n".join(map(str, (await run(f"{explain} {statement}", values)).all()))
            wanted = "COVERING INDEX" if database.is_sqlite else "Index Only Scan using"
            assert f"{wanted} session_parser_version" in plan, plan
    assert of_sessions


async def test_a_title_given_while_a_session_is_derived_stays_and_is_found(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.lines").write_bytes(lines("s1", *(f"message {number}" for number in range(MOST_REPLACED + 1))))
    await take(database, FORMAT, tmp_path)
    loop = asyncio.get_running_loop()
    titles = iter(["My title"])

    def plan_then_rename(*arguments: Any) -> DerivedPlan:
        plan = plan_session(*arguments)
        for title in titles:
            asyncio.run_coroutine_threadsafe(update_session(database, "s1", title, None), loop).result()
        return plan

    monkeypatch.setattr(session_derivation, "plan_session", plan_then_rename)
    assert [one async for one in rederive(database, {NEWER.source: NEWER})] == [("s1", "UPDATED")]

    assert next(titles, None) is None
    assert (await stored_rows(database))["s1"][0]["title"] == "My title"


@pytest.mark.slow
async def test_the_doctor_reports_and_derives_what_an_import_left_undone(database: Database, tmp_path: Path) -> None:
    (tmp_path / "a.lines").write_bytes(lines("s1", "one") + line(assistant="two"))
    await take(database, FORMAT, tmp_path)
    async with database.write() as transaction:
        await transaction.execute(sa.update(transcript).values(is_derived=False))
    formats = {FORMAT.source: FORMAT}

    [finding] = [one async for one in examine(database, formats=formats)]
    assert not finding.is_repaired
    [finding] = [one async for one in examine(database, repair=True, formats=formats)]
    assert finding.is_repaired
    assert [one async for one in examine(database, formats=formats)] == []


async def test_a_server_derives_in_its_background(database: Database, tmp_path: Path) -> None:
    (tmp_path / "a.lines").write_bytes(lines("s1", "one"))
    await take(database, FORMAT, tmp_path)
    await keep_derived(database, {NEWER.source: NEWER})
    assert await texts(database, "s1") == ['[{"type":"text","text":"ONE"}]']


async def test_an_older_process_leaves_what_a_newer_one_derived(database: Database, tmp_path: Path) -> None:
    (tmp_path / "a.lines").write_bytes(lines("s1", "one"))
    await take(database, FORMAT, tmp_path)
    older, newer = {FORMAT.source: FORMAT}, {NEWER.source: NEWER}
    await keep_derived(database, newer)

    await keep_derived(database, older)

    assert await texts(database, "s1") == ['[{"type":"text","text":"ONE"}]']
    assert [finding.text async for finding in examine(database, repair=True, formats=older)] == []
    assert await outdated_sessions(database, newer) == []


async def test_processes_that_derive_at_once_derive_each_session_once(database: Database, tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.lines").write_bytes(lines(f"s{number}", "one"))
    await take(database, FORMAT, tmp_path)
    formats = {NEWER.source: NEWER}
    slow = rederive(database, formats)
    first = [await anext(slow)]
    others = [one async for one in rederive(database, formats)]
    rest = [one async for one in slow]
    assert sorted(first + others) == [(f"s{number}", "UPDATED") for number in range(5)]
    assert rest == []


async def test_the_doctor_finds_damaged_and_missing_chunks(database_url: str, tmp_path: Path) -> None:
    for id in ("s1", "s2", "s3"):
        (tmp_path / f"{id}.lines").write_bytes(lines(id, "one"))
    async with Database(database_url) as database:
        await take(database, FORMAT, tmp_path)
        assert [one async for one in examine(database, formats={})] == []
        ids = {row.name: row.id for row in await stored_transcripts(database)}
        async with database.write() as transaction:
            of = transcript_chunk.c.transcript_id
            await transaction.execute(sa.delete(transcript_chunk).where(of == ids["s1.lines"]))
            await transaction.execute(sa.update(transcript_chunk).where(of == ids["s2.lines"]).values(data=b"damaged"))
        found = sorted([one.text async for one in examine(database, formats={})])
        # What cannot be read is left as it is, and the others are derived.
        outcomes = [one async for one in rederive(database, {NEWER.source: NEWER})]
    assert outcomes == [("s3", "UPDATED")]
    assert [text.split(",")[0] for text in found] == ["Transcript s1.lines", "Transcript s2.lines"]
