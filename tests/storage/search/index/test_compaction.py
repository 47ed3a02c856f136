"""Compaction compactions small segments without losing or doubling entries, and drops those of deleted sessions."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.search_segment import search_segment
from storage.doctor.doctor import examine
from storage.errors import Unavailable
from storage.records.session_filter import SessionFilter
from storage.search.index import compaction
from storage.search.index.compaction import MAX_TIER_SEGMENTS, compact
from storage.search.index.entries import entry_session_numbers
from storage.search.index.verification import read_indexed_entries
from storage.search.query.hit import Search
from storage.search.query.hits import search_page
from tests.support.documents import user, zagens
from tests.support.seeding import save
from tests.support.stored_sessions import delete_session, update_session

COUNT = 3 * MAX_TIER_SEGMENTS


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as opened:
        yield opened


async def fill(database: Database, count: int = COUNT) -> None:
    for number in range(count):
        await save(database, zagens(f"s{number}", messages=[user(f"everywhere word{number}"), user("everywhere")]))


async def segment_count(database: Database) -> int:
    async with database.snapshot() as connection:
        return int((await connection.execute(sa.select(sa.func.count()).select_from(search_segment))).scalar_one())


async def found(database: Database, query: str) -> list[tuple[str, int]]:
    search = Search.parse(query, SessionFilter(), ("TITLE", "MESSAGE"))
    page = await search_page(database, search, "RECENT", 500, None)
    assert await page.total_count() == len(page.nodes)
    return [(hit.session_id, hit.position) for hit in page.nodes]


async def test_all_statements_of_a_view_see_one_snapshot(database: Database) -> None:
    async with database.snapshot() as connection:
        count = sa.select(sa.func.count()).select_from(search_segment)
        assert (await connection.execute(count)).scalar() == 0
        await fill(database, 1)
        assert (await connection.execute(count)).scalar() == 0
    assert await segment_count(database) == 1


async def test_many_imports_leave_few_segments_with_every_entry(database: Database) -> None:
    await fill(database)
    assert await segment_count(database) < 2 * MAX_TIER_SEGMENTS
    assert len(await found(database, "everywhere")) == 2 * COUNT
    for number in range(COUNT):
        assert await found(database, f"word{number}") == [(f"s{number}", 0)]
    assert [finding async for finding in examine(database)] == []


@pytest.mark.slow
async def test_searches_during_compaction_find_every_hit_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "MAX_TIER_SEGMENTS", 10**6)
    await fill(database)
    monkeypatch.setattr(compaction, "MAX_TIER_SEGMENTS", 2)

    compactions = asyncio.gather(*(compact(database) for _ in range(4)))
    rounds = 0
    while not compactions.done() or rounds == 0:
        assert len(set(await found(database, "everywhere"))) == 2 * COUNT
        rounds += 1
    await compactions

    await compact(database)
    assert len(await found(database, "everywhere")) == 2 * COUNT
    assert [finding async for finding in examine(database)] == []
    assert await segment_count(database) < 4


async def test_segments_that_another_process_compacted_are_skipped(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(database)
    count = await segment_count(database)
    monkeypatch.setattr(compaction, "_due_segments", lambda segments: [-1, -2])

    await compact(database)

    assert await segment_count(database) == count
    assert len(await found(database, "everywhere")) == 2 * COUNT


async def test_compaction_drops_deleted_sessions_and_keeps_earlier_windows(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "MAX_TIER_SEGMENTS", 10**6)
    await fill(database, 6)
    await delete_session(database, "s1")
    await save(database, zagens("s2", messages=[user("other")]))
    await update_session(database, "s3", "Everywhere else", None)
    before = set(entry_session_numbers((await read_indexed_entries(database)).ids).tolist())
    monkeypatch.setattr(compaction, "MAX_TIER_SEGMENTS", 2)

    await compact(database)

    assert len(before) == 6
    assert len(set(entry_session_numbers((await read_indexed_entries(database)).ids).tolist())) == 5
    assert len(await found(database, "everywhere")) == 5 * 2 + 1
    assert await found(database, "other") == [("s2", 2)]
    assert [finding async for finding in examine(database)] == []


async def test_a_full_segment_is_rewritten_when_most_of_its_entries_are_dead(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "MAX_TIER_SEGMENTS", 6)
    await fill(database, 6)
    assert await segment_count(database) == 1
    monkeypatch.setattr(compaction, "FULL_BYTES", 1)

    for number in range(5):
        await delete_session(database, f"s{number}")
        left = len(set(entry_session_numbers((await read_indexed_entries(database)).ids).tolist()))
        # After the fourth deletion less than half is live.
        assert left == (6 if number < 3 else 2)
    assert await found(database, "everywhere") == [("s5", 1), ("s5", 0)]
    await delete_session(database, "s5")
    assert await segment_count(database) == 0


async def test_compaction_stops_while_the_database_is_unavailable(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = 0

    async def unavailable(*_: object, **__: object) -> None:
        nonlocal attempts
        attempts += 1
        raise Unavailable("not now")

    monkeypatch.setattr(database, "read", unavailable)
    await compact(database)
    assert attempts == 1
