"""The doctor reports inconsistencies and nothing else, and rebuilds the index with `--repair`."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.thread import thread
from storage.doctor.doctor import examine
from storage.records.session_filter import SessionFilter
from storage.search.query.hit import Search
from storage.search.query.hits import search_page
from tests.support.databases import PostgresDatabases, SqliteDatabases
from tests.support.documents import assistant, tool_result, tool_use, user, zagens
from tests.support.seeding import resume, save, seed
from tests.support.stored_sessions import delete_session

# More messages than are looked at together.
LONG = zagens("long", "Long", messages=[user(f"Question {n}") for n in range(205)])
TOOLS = zagens(
    "tools",
    "Tools",
    messages=[user("Why?"), assistant(tool_use("t"), tool_result("t", "42")), user("…", {"type": "hologram"})],
)


class Original(NamedTuple):
    """A database that each test gets a copy of."""

    databases: SqliteDatabases | PostgresDatabases
    url: str


async def fill(url: str) -> None:
    """Import sessions with the numbers 1 to 4, and resume the third."""
    async with Database(url) as database:
        for document in (LONG, zagens("empty", "Empty"), TOOLS, zagens("many", messages=[user("x")] * 100)):
            await save(database, document)
        await seed(database, await resume(database, "tools"))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def original(request: pytest.FixtureRequest) -> Iterator[Original]:
    name = {"sqlite": "sqlite_databases", "postgresql": "postgres_databases"}[request.param]
    databases: SqliteDatabases | PostgresDatabases = request.getfixturevalue(name)
    with databases.copy() as url:
        asyncio.run(fill(url))
        yield Original(databases, url)


@pytest.fixture
def database_url(original: Original) -> Iterator[str]:
    """A copy of the database that `fill` made."""
    with original.databases.copy(original.url) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as opened:
        yield opened


async def damage(database: Database, *statements: str) -> None:
    async with database.write() as transaction:
        for statement in statements:
            await transaction.execute(sa.text(statement))


async def findings(database: Database, *, repair: bool = False) -> list[str]:
    return [("+ " if finding.is_repaired else "") + finding.text async for finding in examine(database, repair=repair)]


async def found(database: Database, query: str) -> int:
    page = await search_page(
        database, Search.parse(query, SessionFilter(), ("TITLE", "MESSAGE")), "RECENT", 500, after=None
    )
    return len(page.nodes)


async def test_a_healthy_database_has_no_findings(database: Database) -> None:
    assert await findings(database) == []
    assert await findings(database, repair=True) == []


@pytest.mark.slow
@pytest.mark.parametrize("last", [1, 3])
async def test_a_counter_that_is_behind_the_numbers_is_set_right(database: Database, last: int) -> None:
    """As after a logical replication, which copies no sequences."""
    # An entry of a deleted session has its number, too.
    await damage(database, "DELETE FROM session WHERE id = 'many'")
    statement = "UPDATE session_number SET last = " if database.is_sqlite else "SELECT setval('session_number', "
    await damage(database, f"{statement}{last}{'' if database.is_sqlite else ')'}")
    [text] = await findings(database)
    assert "counter of session numbers" in text
    [repaired] = await findings(database, repair=True)
    assert repaired.startswith("+ ")
    assert await findings(database) == []
    await save(database, zagens("new", "New", messages=[user("Another question")]))
    assert await findings(database) == []


async def test_an_index_that_differs_from_its_rows_is_found_and_repaired(database: Database) -> None:
    for statement in (
        "UPDATE session SET title = 'Other' WHERE id = 'long'",
        "UPDATE message SET content = '\"other\"' WHERE session_id = 'long' AND position = 150",
        "UPDATE session SET number = 99 WHERE id = 'long'",
        "DELETE FROM search_block WHERE first > 'a'",
        "DELETE FROM search_segment",
    ):
        await damage(database, statement)
        for repair in (False, True):
            texts = await findings(database, repair=repair)
            assert any("Session long" in text and "search index" in text for text in texts), statement
            assert all(text.startswith("+ ") is repair for text in texts), statement
        assert await findings(database) == [], statement


async def test_lost_index_entries_are_searchable_again_after_a_repair(database: Database) -> None:
    assert await found(database, "question") == 205
    await damage(database, "DELETE FROM search_segment")
    assert await found(database, "question") == 0

    # Empty messages apart, each session has lost something.
    assert len(await findings(database, repair=True)) == 4

    assert await found(database, "question") == 205
    assert await findings(database) == []


@pytest.mark.slow
async def test_an_unreadable_segment_is_rebuilt(database: Database) -> None:
    bytes_of = "X'{}'" if database.is_sqlite else "decode('{}', 'hex')"
    for data in ("", "00", "0100010000000000", "01000100ffffffff"):
        await damage(database, f"UPDATE search_block SET data = {bytes_of.format(data)}")
        text = "A segment of the search index cannot be read."
        count = sum(found == text for found in await findings(database))
        assert count > 0

        repaired = await findings(database, repair=True)

        assert sum(found == f"+ {text}" for found in repaired) == count
        assert all(found.startswith("+ ") for found in repaired)
        assert await findings(database) == []
        assert await found(database, "question") == 205


async def test_index_entries_of_deleted_sessions_are_not_reported(database: Database) -> None:
    assert await delete_session(database, "tools")
    assert await found(database, "hologram") == await found(database, "tools") == 0
    assert await findings(database) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM session_statistics",
        """UPDATE session_statistics SET tools = '[["bash",9,0]]'""",
        "UPDATE session_statistics SET activity = CAST('later' AS BYTEA)",
    ],
)
async def test_counts_that_differ_from_the_messages_are_found_and_repaired(database: Database, statement: str) -> None:
    await damage(database, statement.replace("BYTEA", "BLOB") if database.is_sqlite else statement)

    found = "Session tools: what is counted of its messages differs from them."
    assert await findings(database) == [found]
    assert await findings(database, repair=True) == [f"+ {found}"]
    assert await findings(database) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "UPDATE session SET message_count = 7 WHERE id = 'tools'",
            "Session tools: message_count is 7, but it has 3 messages.",
        ),
        (
            "UPDATE session SET item_count = 9 WHERE id = 'tools'",
            "Session tools: item_count is 9, but its messages make 4 items.",
        ),
        (
            "UPDATE message SET position = 300 WHERE session_id = 'long' AND position = 120",
            "Session long: the positions of its messages have gaps after 100.",
        ),
        (
            "UPDATE message SET tool_links = NULL WHERE session_id = 'tools'",
            "Session tools: message 1 differs from its stored tool links.",
        ),
        (
            "UPDATE message SET content = 'no JSON' WHERE session_id = 'tools' AND position = 1",
            "Session tools: message 1 cannot be parsed.",
        ),
        (
            "UPDATE message SET extra = '[]' WHERE session_id = 'tools' AND position = 1",
            "Session tools: message 1 cannot be parsed.",
        ),
        (
            "UPDATE session SET thread_id = 'gone' WHERE id = 'many'",
            "Session many: its thread gone does not exist.",
        ),
    ],
)
async def test_rows_that_contradict_each_other_are_reported_and_left(
    database: Database, statement: str, expected: str
) -> None:
    await damage(database, statement)
    assert await findings(database) == [expected]
    assert await findings(database, repair=True) == [expected]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "DELETE FROM thread_item WHERE turn_position = 0 AND position = 0",
            ["Thread T: READY with 3 of 4 items."],
        ),
        (
            "UPDATE resume_task SET state = 'CANCELED', items_written = 3",
            [
                "Thread T: has 4 items, but its task counts 3.",
                "Thread T: its log has 6 events up to number 6 instead of 4.",
            ],
        ),
        (
            "DELETE FROM turn WHERE position = 0",
            ["Thread T: has 1 turns, but its task counts 2."],
        ),
        (
            "DELETE FROM thread_event WHERE seq = 2",
            ["Thread T: its log has 5 events up to number 6 instead of 6."],
        ),
        (
            "UPDATE thread_event SET seq = 7 WHERE seq = 6",
            ["Thread T: its log has 6 events up to number 7 instead of 6."],
        ),
        (
            "DELETE FROM thread_event",
            ["Thread T: its log has 0 events up to number 0 instead of 6."],
        ),
        (
            "DELETE FROM thread",
            ["Session tools: its thread T does not exist.", "Thread T: does not exist, but its resume task does."],
        ),
        (
            "UPDATE thread SET session_id = NULL",
            ["Session tools: its thread T belongs to another session or to none."],
        ),
        (
            "UPDATE thread SET session_id = 'gone'; UPDATE session SET thread_id = NULL WHERE id = 'tools'",
            ["Thread T: its session gone does not exist."],
        ),
        (
            "DELETE FROM resume_task",
            ["Thread T: has no resume task and will stay incomplete. Resume its session again."],
        ),
        (
            "UPDATE seed_gate SET capacity = 0",
            ["The gate's capacity is 0, so nothing can be seeded. Restart a seeding process, which sets the capacity."],
        ),
        (
            "DELETE FROM seed_gate",
            [
                "The gate's row is missing, so nothing can be seeded. "
                "Run INSERT INTO seed_gate (id, capacity, claims) VALUES (1, 1, 0)."
            ],
        ),
    ],
)
async def test_a_thread_whose_rows_task_and_session_disagree_is_reported_and_left(
    database: Database, statement: str, expected: list[str]
) -> None:
    async with database.snapshot() as connection:
        thread_id = (await connection.execute(sa.select(thread.c.id))).scalar_one()
    await damage(database, *statement.split("; "))
    for repair in (False, True):
        assert [text.replace(thread_id, "T") for text in await findings(database, repair=repair)] == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("state", "column", "text"), [("SEEDING", "lease_until", "lease expired"), ("QUEUED", "queued_at", "queued since")]
)
async def test_a_task_without_a_seeder_is_reported(database: Database, state: str, column: str, text: str) -> None:
    await resume(database, "long")
    for seconds, count in ((-50, 0), (-70, 1)):
        moment = (
            f"strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '{seconds} seconds')"
            if database.is_sqlite
            else f"clock_timestamp() + interval '{seconds} seconds'"
        )
        await damage(
            database, f"UPDATE resume_task SET state = '{state}', {column} = {moment} WHERE session_id = 'long'"
        )
        found = await findings(database)
        assert len(found) == count
        assert all(text in text for text in found)


async def test_a_task_that_waits_while_another_is_seeded_is_not_reported(database: Database) -> None:
    await resume(database, "long")
    await damage(
        database,
        "DELETE FROM thread_event WHERE event = 'thread.updated'",
        "UPDATE resume_task SET queued_at = created_at",
        "UPDATE resume_task SET state = 'SEEDING', lease_until = "
        + (
            "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '60 seconds')"
            if database.is_sqlite
            else "now() + interval '60 seconds'"
        )
        + " WHERE session_id = 'tools'",
        "UPDATE resume_task SET queued_at = "
        + ("'2020-01-01T00:00:00.000000Z'" if database.is_sqlite else "'2020-01-01T00:00:00Z'")
        + " WHERE session_id = 'long'",
    )
    assert await findings(database) == []


async def test_a_database_at_another_migration_is_reported_and_not_examined(database: Database) -> None:
    await damage(database, "DELETE FROM alembic_version", "DELETE FROM search_segment")
    [text] = await findings(database, repair=True)
    assert "reprise migrate" in text


async def test_a_thread_that_differs_from_its_session_is_reported_and_with_repair_replaced_by_the_next_resume(
    database: Database,
) -> None:
    thread_id = await resume(database, "tools")
    assert (await seed(database, thread_id)).state == "READY"
    assert await findings(database) == []
    await damage(database, "UPDATE thread_item SET text = 'of another call' WHERE type = 'ToolCallItem'")
    text = "1 of its items differ from session tools."
    advice = " Repair it, then resume the session for a new thread."
    assert await findings(database) == [f"Thread {thread_id}: {text}{advice}"]
    assert await resume(database, "tools") == thread_id
    assert await findings(database, repair=True) == [f"+ Thread {thread_id}: {text}"]
    assert await findings(database) == []
    assert await resume(database, "tools") != thread_id


async def test_a_thread_seeded_by_older_rules_is_not_reused(database: Database) -> None:
    thread_id = await resume(database, "tools")
    assert (await seed(database, thread_id)).state == "READY"
    assert await resume(database, "tools") == thread_id
    await damage(database, "UPDATE resume_task SET seed_version = 1")
    assert await resume(database, "tools") != thread_id
