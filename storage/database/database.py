"""One database: its engine, and how a reading or a writing transaction runs on it."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.database.bus import CHANNEL, Bus, listening, payloads
from storage.database.compiled_select import CompiledSelect, Reader, Row
from storage.database.driver_errors import UNAVAILABLE, translate_driver_errors
from storage.database.engines import (
    POOL_SIZE,
    READING,
    SERVER_SETTINGS,
    SQLITE_PRAGMAS,
    VIEWING,
    driver_url,
    open_connection,
    postgresql_engine,
    sqlite_engine,
)
from storage.database.lru_cache import LRUCache
from storage.database.poll import Poll
from storage.database.read_pool import Driver, PostgresqlDriver, ReadPool, SqliteDriver
from storage.database.types import instant_text
from storage.errors import Unavailable

_MOST_KEPT = 64 * 1024 * 1024


class StatementObserver(Protocol):
    """Is told of the statements that a database's readers run."""

    def began(self, reading: CompiledSelect[Any], values: Mapping[str, Any]) -> Any:
        """One is about to run, with these values; what is returned is given to `ended`."""

    def ended(self, begun: Any, error: BaseException | None) -> None:
        """It has come to its end."""


class Transaction:
    """A writing transaction: statements, and topics to be published when it commits."""

    def __init__(self, connection: AsyncConnection, topics: list[str]) -> None:
        self.connection = connection
        self.is_sqlite = connection.dialect.name == "sqlite"
        self.topics = topics

    async def execute(
        self, statement: sa.Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]:
        """Run one statement."""
        return await self.connection.execute(statement, values)

    def instant(self, value: datetime) -> datetime | str:
        """A moment as `insert` takes it."""
        return instant_text(value) if self.is_sqlite else value

    def notify(self, *topics: str) -> None:
        """Wake, in every process, whoever waits for `topics` once this is committed."""
        self.topics.extend(topics)

    async def insert(self, table: sa.Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Add many rows by the driver's fastest way, after at least one other statement has begun the transaction.

        Values go as they are, unconverted: moments through `instant` first.
        """
        if not rows:
            return
        driver = (await self.connection.get_raw_connection()).driver_connection
        assert driver is not None
        if self.is_sqlite:
            places = ", ".join("?" * len(columns))
            try:
                await driver.executemany(f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({places})", rows)
            except asyncio.CancelledError:
                await driver.interrupt()
                raise
        else:
            await driver.copy_records_to_table(table.name, records=rows, columns=columns)


class Database:
    """The engine and the bus of one database. `async with` opens the listener and closes everything.

    `listen_url` is where the listener connects, where `url` leads to a pooler through which nobody can listen. With
    `poll_seconds` nothing listens or notifies, and whoever waits is told by looks at the database, so often.
    """

    def __init__(
        self,
        url: str,
        *,
        listen_url: str | None = None,
        poll_seconds: float | None = None,
        pool_size: int = POOL_SIZE,
    ) -> None:
        self.url = driver_url(url)
        self._listen_url = driver_url(listen_url) if listen_url else self.url
        self._poll_seconds = poll_seconds
        self.bus = Bus()
        self.is_sqlite = self.url.drivername.startswith("sqlite")
        # Readers and transactions share what a process may hold, so that neither waits for the other.
        readers = pool_size // 2
        self.engine = sqlite_engine(self.url) if self.is_sqlite else postgresql_engine(self.url, pool_size - readers)
        self._readers = ReadPool(self._driver(), readers)
        self.watchers: list[StatementObserver] = []
        self.kept = LRUCache(_MOST_KEPT)
        self._reading = self.engine.execution_options(
            **(READING if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"})
        )
        self._viewing = self.engine.execution_options(
            **(VIEWING if self.is_sqlite else {"isolation_level": "REPEATABLE READ"})
        )
        # SQLite has one writer: queueing here is fair and free, its busy handler is neither.
        self._writer = asyncio.Lock() if self.is_sqlite else None
        self._resources = contextlib.AsyncExitStack()

    async def __aenter__(self) -> "Database":
        if not self.is_sqlite:
            await self._resources.enter_async_context(self._hearing())
        return self

    def _hearing(self) -> contextlib.AbstractAsyncContextManager[None]:
        """What tells the bus of other processes."""
        if self._poll_seconds is not None:
            return Poll(self.bus, self.read).running(self._poll_seconds)
        _, from_url = self.engine.dialect.create_connect_args(self._listen_url)
        return listening(self.bus, {**from_url, "server_settings": SERVER_SETTINGS})

    async def __aexit__(self, *_: object) -> None:
        await self._resources.aclose()
        await self._readers.close()
        await self.engine.dispose()

    def _driver(self) -> Driver:
        arguments, options = self.engine.dialect.create_connect_args(self.url)
        if self.is_sqlite:
            return SqliteDriver(arguments[0], (*SQLITE_PRAGMAS, "PRAGMA query_only=ON"))
        return PostgresqlDriver(functools.partial(open_connection, **options))

    async def rows(self, reading: CompiledSelect[Row], **values: Any) -> list[Row]:
        """What a statement finds among what is committed, with these values of its parameters. Raises Unavailable."""
        if self.watchers:
            return await self.watched(self._readers.read, reading, values)
        with translate_driver_errors():
            return await self._readers.read(reading, values)

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Reader]:
        """A reader whose statements all see what was committed before the first. Raises Unavailable."""
        with translate_driver_errors():
            async with self._readers.snapshot() as read:
                yield _Snapshot(read, self)

    async def watched(
        self,
        read: Callable[[CompiledSelect[Row], Mapping[str, Any]], Awaitable[list[Row]]],
        reading: CompiledSelect[Row],
        values: Mapping[str, Any],
    ) -> list[Row]:
        """What `read` gives, and the watchers are told of it."""
        begun = [watcher.began(reading, values) for watcher in self.watchers]
        error: BaseException | None = None
        try:
            with translate_driver_errors():
                return await read(reading, values)
        except BaseException as raised:
            error = raised
            raise
        finally:
            for watcher, token in zip(self.watchers, begun, strict=False):
                watcher.ended(token, error)

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose statements each see what is committed. Raises Unavailable."""
        async with _connected(self._reading) as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def view(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose statements all see what was committed before the first. Raises Unavailable."""
        with translate_driver_errors():
            async with self._viewing.connect() as connection:
                yield connection

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """A transaction, committed at the end of the block and rolled back by an exception. Raises Unavailable.

        Cancelled while it commits, it is either committed or rolled back, and nobody knows which.
        """
        topics: list[str] = []
        try:
            async with (
                self._writer or contextlib.nullcontext(),
                _connected(self.engine) as connection,
                connection.begin(),
            ):
                yield Transaction(connection, topics)
                if not self.is_sqlite and self._poll_seconds is None:
                    for payload in payloads(self.bus.id, topics):
                        await connection.execute(sa.select(sa.func.pg_notify(CHANNEL, payload)))
        except BaseException:
            # It may yet be committed, by a server that lost sight of us.
            self.bus.rename()
            raise
        finally:
            # Also then: who is woken for nothing finds nothing, but who is not woken waits.
            self.bus.publish(topics)


class _Snapshot:
    """Reads what a database held at one moment."""

    def __init__(
        self, read: Callable[[CompiledSelect[Any], Mapping[str, Any]], Awaitable[list[Any]]], database: Database
    ) -> None:
        self._read = read
        self._database = database
        self.is_sqlite = database.is_sqlite

    async def rows(self, reading: CompiledSelect[Row], **values: Any) -> list[Row]:
        if self._database.watchers:
            return await self._database.watched(self._read, reading, values)
        with translate_driver_errors():
            return await self._read(reading, values)


@contextlib.asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection of the pool, which does not get it back when it may have ended. Raises Unavailable."""
    with translate_driver_errors():
        async with engine.connect() as connection:
            try:
                with translate_driver_errors():
                    yield connection
            except (Unavailable, RuntimeError) as error:
                if engine.dialect.name == "sqlite" or connection.invalidated:
                    raise
                driver = (await connection.get_raw_connection()).driver_connection
                assert driver is not None
                # uvloop has no better word for what is said on a line that has closed.
                if not isinstance(error, Unavailable) and not driver.is_closed():
                    raise
                # At once: from the server's last word to the line's end the driver has lost count.
                driver.terminate()
                await connection.invalidate()
                raise Unavailable(UNAVAILABLE) from error
