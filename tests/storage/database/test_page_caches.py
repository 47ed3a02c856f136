"""How many of SQLite's pages a process keeps in memory: each connection has a cache."""

import _sqlite3
import asyncio
import contextlib
import ctypes
import sqlite3
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
_ROWS = 4_000
_READ_AT_ONCE = 100
_MEBIBYTE = 2**20


class _Rows(NamedTuple):
    """How many rows have numbers in a range."""

    found: int


_filler = sa.table("filler", sa.column("number", sa.Integer), sa.column("content", sa.LargeBinary))
_count = CompiledSelect(
    sa.select(sa.func.count(_filler.c.content)).where(
        _filler.c.number.between(sa.bindparam("first", type_=sa.Integer), sa.bindparam("last", type_=sa.Integer))
    ),
    _Rows,
    _Rows._fields,
    is_sqlite=True,
)


def sqlite_bytes() -> int:
    """What SQLite has allocated in this process."""
    library = ctypes.CDLL(_sqlite3.__file__)
    if not hasattr(library, "sqlite3_memory_used"):
        pytest.skip("SQLite is a part of Python here, whose functions are hidden")
    used = library.sqlite3_memory_used
    used.restype = ctypes.c_int64
    return int(used())


def fill(database_url: str) -> None:
    """Add a table of which each row takes most of a page, 47 MiB in all."""
    with contextlib.closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("CREATE TABLE filler (number INTEGER PRIMARY KEY, content BLOB)")
        connection.executemany("INSERT INTO filler VALUES (?, zeroblob(12000))", ((number,) for number in range(_ROWS)))


async def test_connections_that_read_keep_few_pages(database_url: str) -> None:
    fill(database_url)
    before = sqlite_bytes()

    async with Database(database_url) as database:
        whole = {"first": 0, "last": _ROWS}
        in_threads = await asyncio.gather(*(database.readers.read(_count, whole) for _ in range(4)))
        quick = [
            await database.read(_count, first=first, last=first + _READ_AT_ONCE - 1)
            for first in range(0, _ROWS, _READ_AT_ONCE)
        ]
        kept = sqlite_bytes() - before

    assert in_threads == [[(_ROWS,)]] * 4
    assert quick == [[(_READ_AT_ONCE,)]] * (_ROWS // _READ_AT_ONCE)
    assert kept < 20 * _MEBIBYTE
