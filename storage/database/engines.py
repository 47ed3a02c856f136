"""SQLAlchemy engines: the drivers of both databases, the engine for SQLite and the settings of its connections."""

import asyncio
import functools
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from storage.database.long_text import add_functions
from storage.database.postgresql_url import postgresql_url
from storage.database.sqlite_connections import open_sqlite
from storage.database.sqlite_file import SqliteFile

POOL_SIZE = 8
_SQLITE = "sqlite+aiosqlite"
_PRAGMAS = (
    # For new databases: with pages of 4 KiB, an eighth of the space stays empty after rows and long values.
    "PRAGMA page_size=16384",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",
    "PRAGMA temp_store=MEMORY",
)
SQLITE_PRAGMAS = (*_PRAGMAS, "PRAGMA cache_size=-32768")
"""For connections that write, with a larger page cache: an import adds to many places of the indexes."""
SQLITE_READ_PRAGMAS = (*_PRAGMAS, "PRAGMA query_only=ON")
"""For connections that read, with SQLite's own size of the page cache: the system caches the other pages."""
SNAPSHOT = {"reprise_snapshot": True}


def driver_url(url: str) -> URL:
    """The URL `sqlite:///PATH` or `postgresql://...` with the driver added. Raises ValueError for other URLs."""
    scheme, separator, _ = url.partition("://")
    if scheme in {"postgresql", "postgres"}:
        return postgresql_url(url)
    if not separator:
        raise ValueError("must look like sqlite:///PATH or postgresql://USER@HOST/NAME")
    if scheme != "sqlite":
        raise ValueError("must begin with sqlite:/// or postgresql://")
    parsed = make_url(url)
    if parsed.database in {None, "", ":memory:"}:
        raise ValueError("must name a file: sqlite:///PATH")
    if "?" in url:
        # SQLAlchemy takes what follows for parameters, and another file would be used.
        raise ValueError("must name a file without a question mark in its path")
    return parsed.set(drivername=_SQLITE)


def sqlite_engine(url: URL, file: SqliteFile) -> AsyncEngine:
    """An engine for a SQLite file. Transactions take the write lock when they begin, except snapshots."""
    opened = functools.partial(open_sqlite, file)
    engine = create_async_engine(url, pool_size=POOL_SIZE, hide_parameters=True, async_creator=opened)

    @sa.event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _: object) -> None:
        configure_sqlite(connection, SQLITE_PRAGMAS)

    @sa.event.listens_for(engine.sync_engine, "handle_error")
    def _interrupt(failure: sa.engine.ExceptionContext) -> None:
        # SQLAlchemy closes the connection next and would wait for the statement, which aiosqlite leaves running.
        connection = failure.connection
        if isinstance(failure.original_exception, asyncio.CancelledError) and connection and not connection.invalidated:
            driver = connection.connection.driver_connection
            assert driver is not None
            await_only(driver.interrupt())

    @sa.event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that takes the write lock only after a read fails if another one has written in between.
        options = connection.get_execution_options()
        connection.exec_driver_sql("BEGIN" if options.get("reprise_snapshot") else "BEGIN IMMEDIATE")

    return engine


def configure_sqlite(connection: Any, pragmas: Iterable[str]) -> None:
    """Prepare a connection, of SQLite's own module or of SQLAlchemy, for the statements of this project."""
    cursor = connection.cursor()
    for pragma in pragmas:
        cursor.execute(pragma)
    cursor.close()
    add_functions(connection.create_function)


def tracked_connections(engine: AsyncEngine) -> set[Any]:
    """The drivers' connections that the engine has open, those in use included: a set that stays current."""
    opened: set[Any] = set()

    @sa.event.listens_for(engine.sync_engine, "connect")
    def _add(connection: Any, _: object) -> None:
        opened.add(connection.driver_connection)

    @sa.event.listens_for(engine.sync_engine, "close")
    def _discard(connection: Any, _: object) -> None:
        opened.discard(connection.driver_connection)

    return opened
