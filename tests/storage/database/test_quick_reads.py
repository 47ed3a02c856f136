"""SQLite answers quick statements on the event loop; slow ones, and those that wait for a lock, run in threads."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from storage.database import quick_reads
from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from tests.conftest import Serve
from tests.support.documents import codewhale, user
from tests.support.seeding import save

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SLOW_COUNT = 3_000_000
"""Numbers that take SQLite many times as long to count as it may hold the event loop."""


class Counted(NamedTuple):
    """A row with the highest number."""

    last: int


class Digits(NamedTuple):
    """A row with a long text."""

    text: str


def counting() -> CompiledSelect[Counted]:
    """A statement that counts to its parameter."""
    numbers = sa.select(sa.literal(1).label("number")).cte("numbers", recursive=True)
    limit = sa.bindparam("last", type_=sa.Integer())
    numbers = numbers.union_all(sa.select(numbers.c.number + 1).where(numbers.c.number < limit))
    return CompiledSelect(sa.select(sa.func.max(numbers.c.number)), Counted, Counted._fields, is_sqlite=True)


@contextmanager
def locked(database_url: str) -> Iterator[sqlite3.Connection]:
    """The lock that keeps all others from reading."""
    with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        yield connection


async def test_a_quick_statement_needs_no_thread(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # On a busy machine no statement is quick.
    monkeypatch.setattr(quick_reads, "MOST_SECONDS", 60)
    async with Database(database_url) as database:
        assert await database.read(counting(), last=10) == [(10,)]
        assert not database.readers.opened


async def test_a_slow_statement_leaves_the_event_loop_free(database_url: str) -> None:
    async with Database(database_url) as database:
        slow = asyncio.create_task(database.read(counting(), last=SLOW_COUNT))
        turns = 0
        while not slow.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert await slow == [(SLOW_COUNT,)]
        assert len(database.readers.opened) == 1

    assert turns > 10


async def test_many_statements_in_a_row_leave_the_event_loop_free(database_url: str) -> None:
    async def read_all(database: Database) -> None:
        for _ in range(200):
            await database.read(counting(), last=500)

    async with Database(database_url) as database:
        reading = asyncio.create_task(read_all(database))
        turns = 0
        while not reading.done():
            await asyncio.sleep(0)
            turns += 1

    assert turns > 5


async def test_a_statement_that_was_slow_is_quick_again_later(database_url: str) -> None:
    statement = counting()
    async with Database(database_url) as database:
        await database.read(statement, last=SLOW_COUNT)
        for _ in range(100):
            assert await database.read(statement, last=10) == [(10,)]
        await database.readers.close()
        assert await database.read(statement, last=10) == [(10,)]
        assert not database.readers.opened


async def test_a_large_value_is_read_in_a_thread(database_url: str) -> None:
    value = sa.func.hex(sa.func.zeroblob(sa.bindparam("last", type_=sa.Integer())))
    statement = CompiledSelect(sa.select(value), Digits, Digits._fields, is_sqlite=True)
    async with Database(database_url) as database:
        assert len((await database.read(statement, last=1000))[0].text) == 2000
        assert not database.readers.opened
        assert len((await database.read(statement, last=2**20))[0].text) == 2**21
        assert len(database.readers.opened) == 1


async def test_a_locked_database_is_waited_for_in_a_thread(database_url: str) -> None:
    async with Database(database_url) as database:
        with locked(database_url):
            waiting = asyncio.create_task(database.read(counting(), last=10))
            await asyncio.sleep(0.2)
            assert not waiting.done()
        assert await waiting == [(10,)]


async def test_an_error_is_raised_as_that_of_a_statement_in_a_thread(database_url: str) -> None:
    async with Database(database_url) as database:
        nowhere: sa.Select[Any] = sa.select(sa.column("last")).select_from(sa.table("none"))
        missing = CompiledSelect(nowhere, Counted, (), is_sqlite=True)
        for _ in range(2):
            with pytest.raises(sqlite3.OperationalError, match="no such table"):
                await database.read(missing)
        assert await database.read(counting(), last=10) == [(10,)]


async def test_a_quick_read_sees_what_was_just_committed(serve: Serve, database_url: str) -> None:
    server = await serve()
    for number in range(5):
        async with Database(database_url) as elsewhere:
            await save(elsewhere, codewhale(f"s{number}", messages=[user("Ask")]))
        assert len((await server.client.data("{ sessions { nodes { id } } }"))["sessions"]["nodes"]) == number + 1
