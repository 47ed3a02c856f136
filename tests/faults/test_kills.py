"""Processes that are killed or terminated while they seed: the task continues elsewhere and its thread is whole."""

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
# Messages a batch: so few that the first process is still seeding when it is ended.
SMALL = 1
# A process that waited for the long lease to expire would not finish within the test.
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
    """The thread that a seeder writes without faults, which is the same on both databases."""
    return undisturbed_thread(sqlite_databases, long_session("long"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The processes' database, with a long session in it."""
    async with Database(database_url) as opened:
        await save(opened, long_session("long"))
        yield opened


async def partly_seeded(client: Client) -> Task:
    """Resume the session and wait until some, not all, of its items are written."""
    task = await resumed(client, "long")
    states: AsyncGenerator[dict[str, Any], None] = client.subscribe(WATCH, {"threadId": task["threadId"]})
    async with aclosing(states):
        async for payload in states:
            task = payload["data"]["resumeTask"]
            if task["itemsWritten"] > 0:
                break
    assert (task["state"], task["itemsTotal"]) == ("SEEDING", 4 * TURNS)
    return task


@asynccontextmanager
async def two_programs(database_url: str, lease_seconds: float) -> AsyncIterator[tuple[Program, Program]]:
    """A process that seeds slowly, and one that is stopped (SIGSTOP) until the test continues it."""
    async with AsyncExitStack() as running:
        starting = [
            running.enter_async_context(program(database_url, seed_batch=batch, lease_seconds=lease_seconds))
            for batch in (SMALL, 500)
        ]
        first, second = await asyncio.gather(*starting)
        second.process.send_signal(signal.SIGSTOP)
        yield first, second


async def check_unfinished(database: Database, thread_id: str) -> None:
    """Assert what must hold while some of the items are written."""
    written, rows = await counts(database, thread_id)
    assert 0 < written == rows < 4 * TURNS
    assert (await task_of(database, thread_id)).state == "SEEDING"


async def check_ready(database: Database, client: Client, thread_id: str, undisturbed: ThreadRows) -> None:
    """Assert that the task ends READY in the client's server, with the thread that a seeder writes without faults."""
    last = (await follow(client, thread_id))[-1]
    assert (last["state"], last["itemsWritten"], last["attempt"]) == ("READY", 4 * TURNS, 1)
    assert await counts(database, thread_id) == (4 * TURNS, 4 * TURNS)
    assert await thread_rows(database, thread_id) == undisturbed


async def test_seeding_continues_when_a_killed_process_is_restarted(
    database: Database, database_url: str, undisturbed: ThreadRows
) -> None:
    async with program(database_url, seed_batch=SMALL, lease_seconds=SHORT_LEASE) as first:
        task = await partly_seeded(first.client)
        await first.kill()
    await check_unfinished(database, task["threadId"])
    async with program(database_url, lease_seconds=SHORT_LEASE) as second:
        await check_ready(database, second.client, task["threadId"], undisturbed)


@on_postgresql
async def test_seeding_is_taken_over_from_a_killed_process(
    database: Database, database_url: str, undisturbed: ThreadRows
) -> None:
    async with two_programs(database_url, SHORT_LEASE) as (first, second):
        task = await partly_seeded(first.client)
        await first.kill()
        await check_unfinished(database, task["threadId"])
        second.process.send_signal(signal.SIGCONT)
        await check_ready(database, second.client, task["threadId"], undisturbed)


@on_sqlite
async def test_a_terminated_process_releases_its_task_for_the_next_start(
    database: Database, database_url: str, undisturbed: ThreadRows
) -> None:
    async with program(database_url, seed_batch=SMALL, lease_seconds=LONG_LEASE) as first:
        task = await partly_seeded(first.client)
        assert await first.terminate() == 0
    await check_unfinished(database, task["threadId"])
    async with program(database_url, lease_seconds=LONG_LEASE) as second:
        await check_ready(database, second.client, task["threadId"], undisturbed)


@on_postgresql
async def test_a_terminated_process_releases_its_task_to_a_running_one(
    database: Database, database_url: str, undisturbed: ThreadRows
) -> None:
    async with two_programs(database_url, LONG_LEASE) as (first, second):
        task = await partly_seeded(first.client)
        assert await first.terminate() == 0
        await check_unfinished(database, task["threadId"])
        second.process.send_signal(signal.SIGCONT)
        await check_ready(database, second.client, task["threadId"], undisturbed)
