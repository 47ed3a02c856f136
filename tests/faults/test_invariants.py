"""The invariants of chaos runs detect violations: each test plants one."""

import asyncio
import math
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.resume.resume import cancel_resume
from storage.resume.seeding import lease
from storage.resume.seeding.seeder import Seeder
from tests.support.chaos import GATE, LEASE_SECONDS, document
from tests.support.databases import SqliteDatabases, sqlite_url
from tests.support.history import record_history
from tests.support.invariants import problems
from tests.support.seeding import ThreadRows, before_batches, resume, save, seed, undisturbed_thread
from tests.support.stored_sessions import delete_session

TURNS = 3
DELETED = {"deleted"}
OF_S1 = "(SELECT thread_id FROM session WHERE id = 's1')"
HISTORY_OF_S1 = "thread_id = (SELECT thread_id FROM session WHERE id = 's1')"


@pytest.fixture(scope="module")
def undisturbed(sqlite_databases: SqliteDatabases) -> ThreadRows:
    return undisturbed_thread(sqlite_databases, document("s1", TURNS))


@pytest.fixture(scope="module")
def after_run(sqlite_databases: SqliteDatabases) -> Iterator[Path]:
    """A database in which one task was canceled, resumed and released, and one session deleted while it was seeded."""

    async def run(url: str) -> Path:
        async with Database(url) as database:
            await record_history(database)
            for id in ("s1", "s2", "deleted"):
                await save(database, document(id, TURNS))
            thread_id = await resume(database, "s1")
            await cancel_resume(database, thread_id)
            await resume(database, "s1")
            claimed = await lease.claim(database, LEASE_SECONDS)
            assert claimed is not None
            await lease.release(database, claimed)
            await seed(database, thread_id, Seeder(database, batch_messages=2))
            await seed(database, await resume(database, "s2"))
            deleted = await resume(database, "deleted")

            async def delete(number: int) -> None:
                if number == 2:
                    await delete_session(database, "deleted")

            with before_batches(database, delete):
                await seed(database, deleted, Seeder(database, batch_messages=2))
            return Path(str(database.url.database))

    with sqlite_databases.copy() as url:
        yield asyncio.run(run(url))


@pytest.fixture
async def database(after_run: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A copy of the database after that run."""
    async with Database(sqlite_url(Path(shutil.copy(after_run, tmp_path)))) as opened:
        yield opened


async def violations(database: Database, undisturbed: ThreadRows, healthy: float = 0) -> list[str]:
    expected = dict.fromkeys(("s1", "s2", "deleted"), undisturbed)
    return await problems(database, expected, DELETED, GATE, LEASE_SECONDS, lambda start, end: (end - start) * healthy)


async def test_a_run_without_faults_has_no_violations(database: Database, undisturbed: ThreadRows) -> None:
    assert await violations(database, undisturbed, healthy=1) == []


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        pytest.param(
            "INSERT INTO thread SELECT 'thr_other', session_id, title, model, mode, task_type, workspace, "
            f"system_prompt, created_at, updated_at FROM thread WHERE id = {OF_S1}",
            "threads, tasks and logs",
            id="a second thread",
        ),
        pytest.param(
            "UPDATE session SET thread_id = NULL WHERE id = 's1'", "s1: threads", id="a session without its thread"
        ),
        pytest.param(
            f"DELETE FROM thread_item WHERE thread_id = {OF_S1} AND turn_position = 2 AND position = 4",
            "rows that differ",
            id="a lost item",
        ),
        pytest.param(
            f"UPDATE thread_item SET text = 'Other.' WHERE thread_id = {OF_S1} AND turn_position = 1 AND position = 0",
            "rows that differ",
            id="a changed item",
        ),
        pytest.param(
            "INSERT INTO turn (thread_id, position, status, summary) "
            f"SELECT thread_id, 9, status, summary FROM turn WHERE thread_id = {OF_S1} AND position = 0",
            "rows that differ",
            id="a duplicate turn",
        ),
        pytest.param(
            f"DELETE FROM thread_event WHERE thread_id = {OF_S1} AND seq = 3", "the log has gaps", id="a lost event"
        ),
        pytest.param(
            f"UPDATE thread_event SET item_position = 9 WHERE thread_id = {OF_S1} AND seq = 3",
            "the log has other items",
            id="an event of another item",
        ),
        pytest.param(
            f"UPDATE resume_task SET items_written = items_written - 1 WHERE thread_id = {OF_S1}",
            "items_written is",
            id="a wrong count",
        ),
        pytest.param(
            f"UPDATE task_history SET items_written = 99 WHERE state = 'SEEDING' AND items > 0 AND {HISTORY_OF_S1}",
            "was committed with",
            id="a wrong count in the history",
        ),
        pytest.param(
            "UPDATE task_history SET items = 0, items_written = 0 "
            f"WHERE state = 'SEEDING' AND items > 9 AND {HISTORY_OF_S1}",
            "fell behind",
            id="progress that falls",
        ),
        pytest.param(
            f"UPDATE task_history SET items_total = 99 WHERE state = 'QUEUED' AND {HISTORY_OF_S1}",
            "has a different total",
            id="a changed total",
        ),
        pytest.param(
            f"UPDATE task_history SET items_total = 99 WHERE state = 'READY' AND {HISTORY_OF_S1}",
            "was incomplete",
            id="READY too early",
        ),
        pytest.param(
            f"UPDATE task_history SET state = 'SEEDING' WHERE state = 'READY' AND {HISTORY_OF_S1}",
            "was complete",
            id="complete but not READY",
        ),
        pytest.param(
            f"UPDATE task_history SET state = 'SEEDING' WHERE state = 'CANCELED' AND {HISTORY_OF_S1}",
            "not a legal successor",
            id="an illegal transition",
        ),
        pytest.param(
            f"DELETE FROM task_history WHERE state = 'CANCELED' AND {HISTORY_OF_S1}",
            "a wrong revision",
            id="two states of one revision",
        ),
        pytest.param(
            f"UPDATE task_history SET seeding = {GATE + 1} WHERE state = 'SEEDING' AND {HISTORY_OF_S1}",
            "exceeded the gate",
            id="more tasks than the gate admits",
        ),
        pytest.param("DELETE FROM task_history", "tasks were recorded", id="no history"),
        pytest.param(
            "DELETE FROM session WHERE id = 's2'",
            "sessions lost",
            id="a lost session",
        ),
        pytest.param(
            "UPDATE thread SET session_id = 'deleted' WHERE session_id IS NULL",
            "deleted: threads",
            id="a deleted session with a link",
        ),
        pytest.param(
            "DELETE FROM thread WHERE session_id IS NULL",
            "threads, tasks and logs",
            id="a deleted session without its thread",
        ),
        pytest.param(
            "UPDATE resume_task SET error_code = 'INTERNAL' WHERE state = 'ERROR'",
            "ended with INTERNAL",
            id="a deleted session with another error",
        ),
        pytest.param(
            "UPDATE resume_task SET error_message = 'KeyError in /srv/batch.py' WHERE state = 'ERROR'",
            "ended with SESSION_DELETED: KeyError",
            id="an error message with internals",
        ),
        pytest.param(
            f"UPDATE resume_task SET owner = 'somebody' WHERE thread_id = {OF_S1}",
            "is still held",
            id="a lease after the end",
        ),
    ],
)
async def test_a_violation_is_found(database: Database, undisturbed: ThreadRows, statement: str, expected: str) -> None:
    async with database.write() as transaction:
        for one in ("DROP TRIGGER task_updated", *statement.split("; ")):
            await transaction.execute(sa.text(one))
    assert any(expected in violation for violation in await violations(database, undisturbed)), expected


@pytest.mark.parametrize(("was_held", "seconds"), [(False, 11), (True, 19)])
async def test_a_late_takeover_is_found(
    database: Database, undisturbed: ThreadRows, was_held: bool, seconds: float
) -> None:
    released = f"{HISTORY_OF_S1} AND state = 'SEEDING' AND owner IS NULL"
    async with database.write() as transaction:
        number = (await transaction.execute(sa.text(f"SELECT id FROM task_history WHERE {released}"))).scalar_one()
        if was_held:
            await transaction.execute(sa.text(f"UPDATE task_history SET owner = 'frozen' WHERE id = {number}"))
        await transaction.execute(sa.text(f"UPDATE task_history SET at = at - {seconds} WHERE id <= {number}"))
    assert any("seconds after" in violation for violation in await violations(database, undisturbed, healthy=1))
    # Not a violation when all hosts were down meanwhile.
    assert await violations(database, undisturbed, healthy=0) == []
    assert await violations(database, undisturbed, healthy=math.nextafter(0, 1)) == []
