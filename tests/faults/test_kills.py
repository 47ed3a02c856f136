"""Processes that are killed or asked to end in the middle of seeding (I9, I10, I13)."""

import asyncio
import signal
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any

import pytest

from storage.database.database import Database
from tests.support.client import Client
from tests.support.databases import SqliteDatabases
from tests.support.documents import Document, assistant, codewhale, tool_result, tool_use, user
from tests.support.process import Program, program
from tests.support.resumes import WATCH, Task, follow, resumed
from tests.support.seeding import ThreadRows, counts, save, task_of, thread_rows, undisturbed_thread

# Of four items each.
TURNS = 400
# Messages a batch: so few that the first process is still seeding when its end has come.
SMALL = 1
# The long one outlasts the test: whoever waited for it to run out would not finish.
SHORT_LEASE, LONG_LEASE = 2, 600
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def long_session(id: str) -> Document:
    messages = []
    for number in range(TURNS):
        messages += [
            user(f"Ask {number}"),
            assistant("Let me look.", tool_use(f"t{number}", input={"number": number})),
            user(tool_result(f"t{number}", f"Found {number}", is_error=number % 7 == 0)),
            assistant(f"It is {number}."),
        ]
    return codewhale(id, messages=messages)


@pytest.fixture(scope="module")
def undisturbed(sqlite_databases: SqliteDatabases) -> ThreadRows:
    """The thread that a seeder writes when nothing disturbs it: on either database the same."""
    return undisturbed_thread(sqlite_databases, long_session("long"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The database of the processes, with a long session in it."""
    async with Database(database_url) as opened:
        await save(opened, long_session("long"))
        yield opened


async def begun(client: Client) -> Task:
    """Resumes the session and waits until some, not all, of its items are written."""
    task = await resumed(client, "long")
    states: AsyncGenerator[dict[str, Any], None] = client.subscribe(WATCH, {"threadId": task["id"]})
    async with aclosing(states):
        async for payload in states:
            task = payload["data"]["resumeTask"]
            if task["itemsWritten"] > 0:
                break
    assert (task["state"], task["itemsTotal"]) == ("SEEDING", 4 * TURNS)
    return task


@asynccontextmanager
async def two_programs(database_url: str, lease_seconds: float) -> AsyncIterator[tuple[Program, Program]]:
    """One that seeds slowly, and one that stands still until the end of the first has been looked at."""
    async with AsyncExitStack() as running:
        starting = [
            running.enter_async_context(program(database_url, seed_batch=batch, lease_seconds=lease_seconds))
            for batch in (SMALL, 500)
        ]
        first, second = await asyncio.gather(*starting)
        second.process.send_signal(signal.SIGSTOP)
        yield first, second


async def check_unfinished(database: Database, thread_id: str) -> None:
    """What must hold while some of the items are written, whether or not a process writes on."""
    written, rows = await counts(database, thread_id)
    assert 0 < written == rows < 4 * TURNS
    assert (await task_of(database, thread_id)).state == "SEEDING"


async def check_ready(database: Database, client: Client, thread_id: str, undisturbed: ThreadRows) -> None:
    """The task goes on in what `client` talks to, and ends in the thread that an undisturbed seeder writes."""
    last = (await follow(client, thread_id))[-1]
    assert (last["state"], last["itemsWritten"], last["attempt"]) == ("READY", 4 * TURNS, 1)
    assert await counts(database, thread_id) == (4 * TURNS, 4 * TURNS)
    assert await thread_rows(database, thread_id) == undisturbed


async def test_a_process_killed_while_seeding_goes_on_after_a_restart(
    database: Database, database_url: str, undisturbed: ThreadRows
) -> None:
    async with program(database_url, seed_batch=SMALL, lease_seconds=SHORT_LEASE) as first:
        task = await begun(first.client)
        await first.kill()
    await check_unfinished(database, task["id"])
    async with program(database_url, lease_seconds=SHORT_LEASE) as second:
        await check_ready(database, second.client, task["id"], undisturbed)


@on_postgresql
async def test_a_process_killed_while_seeding_is_taken_over_by_one_that_runs(
    database: Database, database_url: str, undisturbed: ThreadRows
) -> None:
    async with two_programs(database_url, SHORT_LEASE) as (first, second):
        task = await begun(first.client)
        await first.kill()
        await check_unfinished(database, task["id"])
        second.process.send_signal(signal.SIGCONT)
        await check_ready(database, second.client, task["id"], undisturbed)


@on_sqlite
async def test_a_process_that_is_asked_to_end_hands_over_to_the_next_at_once(
    database: Database, database_url: str, undisturbed: ThreadRows
) -> None:
    async with program(database_url, seed_batch=SMALL, lease_seconds=LONG_LEASE) as first:
        task = await begun(first.client)
        assert await first.terminate() == 0
    await check_unfinished(database, task["id"])
    async with program(database_url, lease_seconds=LONG_LEASE) as second:
        await check_ready(database, second.client, task["id"], undisturbed)


@on_postgresql
async def test_a_process_that_is_asked_to_end_hands_over_to_one_that_runs_at_once(
    database: Database, database_url: str, undisturbed: ThreadRows
) -> None:
    async with two_programs(database_url, LONG_LEASE) as (first, second):
        task = await begun(first.client)
        assert await first.terminate() == 0
        await check_unfinished(database, task["id"])
        second.process.send_signal(signal.SIGCONT)
        await check_ready(database, second.client, task["id"], undisturbed)
