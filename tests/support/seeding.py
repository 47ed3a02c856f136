"""Control over seeders: hooks before each batch, and threads in a comparable form."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.resume_task import resume_task
from storage.database.tables.thread import thread_event, thread_item, turn
from storage.database.transaction import Transaction
from storage.database.types import clock
from storage.documents.formats import read_document
from storage.documents.imports import import_document
from storage.json_codec import storable
from storage.records.resume_task import ResumeTaskRow, resume_tasks_by_thread
from storage.resume.resume import ResumeOptions, resume_session
from storage.resume.seeding.seeder import Seeder
from storage.resume.watch import task_states
from tests.support.databases import SqliteDatabases
from tests.support.documents import Document

# Seconds until something that hangs fails its test.
PATIENCE = 60

BeforeBatch = Callable[[int], Awaitable[None]]


class ThreadRows(NamedTuple):
    """All columns stored of a thread except its id and its times."""

    turns: list[tuple[Any, ...]]
    items: list[tuple[Any, ...]]
    events: list[tuple[Any, ...]]


class Pause:
    """A barrier that holds each task that reaches it until it is opened."""

    def __init__(self) -> None:
        self._reached = asyncio.Event()
        self._opened = asyncio.Event()

    async def hold(self) -> None:
        self._reached.set()
        await self._opened.wait()

    async def reached(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._reached.wait()

    def open(self) -> None:
        self._opened.set()


async def save(database: Database, document: Document) -> str:
    """Import a document and return its session's id."""
    read = read_document(storable(document))
    await import_document(database, read)
    return read.id


async def resume(database: Database, session_id: str) -> str:
    """Resume a session and return its thread's id."""
    resumed = await resume_session(database, session_id, ResumeOptions(), "OFFICE")
    assert resumed is not None
    return resumed.task.thread_id


async def task_of(database: Database, thread_id: str) -> ResumeTaskRow:
    return (await resume_tasks_by_thread(database, [thread_id]))[thread_id]


@contextlib.contextmanager
def before_batches(database: Database, hook: BeforeBatch) -> Iterator[None]:
    """Await `hook(number)`, counted from 1, before each transaction of a seeding task.

    No transaction is open then, so the hook may write.
    """
    write, numbers = database.write, itertools.count(1)

    @contextlib.asynccontextmanager
    async def stepping() -> AsyncIterator[Transaction]:
        task = asyncio.current_task()
        if task is not None and task.get_name().startswith("reprise-seed-"):
            await hook(next(numbers))
        async with write() as transaction:
            yield transaction

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "write", stepping)
        yield


@contextlib.asynccontextmanager
async def running(seeder: Seeder) -> AsyncIterator[asyncio.Task[None]]:
    """Run the seeder, and stop it at the end of the block."""
    task = asyncio.create_task(seeder.run())
    try:
        yield task
    finally:
        seeder.stop()
        async with asyncio.timeout(PATIENCE):
            await task


async def seed(database: Database, thread_id: str, seeder: Seeder | None = None) -> ResumeTaskRow:
    """Run a seeder until the task is final or the seeder has stopped, and return the task."""
    async with running(seeder or Seeder(database)) as work:
        final = asyncio.create_task(final_state(database, thread_id))
        await asyncio.wait({work, final}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        final.cancel()
    return await task_of(database, thread_id)


async def final_state(database: Database, thread_id: str) -> ResumeTaskRow:
    """Wait for the final state of the task."""
    async with asyncio.timeout(PATIENCE):
        async for state in task_states(database, lambda id: task_of(database, id), thread_id):
            last = state
    return last


async def seeded(database: Database, document: Document) -> ThreadRows:
    """Return the thread that a seeder writes without interruptions."""
    thread_id = await resume(database, await save(database, document))
    task = await seed(database, thread_id)
    assert task.state == "READY", task.error
    return await thread_rows(database, thread_id)


def undisturbed_thread(databases: SqliteDatabases, document: Document) -> ThreadRows:
    """Return the same rows, written into a SQLite database of their own. For fixtures, which run in no event loop."""

    async def write(url: str) -> ThreadRows:
        async with Database(url) as database:
            return await seeded(database, document)

    with databases.copy() as url:
        return asyncio.run(write(url))


async def thread_rows(database: Database, thread_id: str) -> ThreadRows:
    orders = ((turn, "position"), (thread_item, "turn_position position"), (thread_event, "seq"))
    rows = []
    async with database.snapshot() as connection:
        for table, order in orders:
            columns = [column for column in table.c if column.name not in {"thread_id", "created_at"}]
            statement = sa.select(*columns).where(table.c.thread_id == thread_id)
            found = await connection.execute(statement.order_by(*(table.c[name] for name in order.split())))
            rows.append([tuple(row) for row in found])
    return ThreadRows(*rows)


async def counts(database: Database, thread_id: str) -> tuple[int, int]:
    """Return the number of items in the task's row and in the thread."""
    stored = sa.select(sa.func.count()).where(thread_item.c.thread_id == thread_id).scalar_subquery()
    async with database.snapshot() as connection:
        row = await connection.execute(
            sa.select(resume_task.c.items_written, stored).where(resume_task.c.thread_id == thread_id)
        )
        written, rows = row.one()
    return written, rows


async def expire(database: Database, thread_id: str) -> None:
    """Expire the lease of a task now."""
    async with database.write() as transaction:
        await transaction.execute(
            sa.update(resume_task).where(resume_task.c.thread_id == thread_id).values(lease_until=clock(-1))
        )
