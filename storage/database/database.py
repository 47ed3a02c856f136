"""One database: its connections, its notification bus and its cache, and the ways to read and write it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.database.bus import CHANNEL, Bus, payloads
from storage.database.change_numbers import number_changes
from storage.database.compiled_select import CompiledSelect, Row
from storage.database.driver_errors import UNAVAILABLE, translate_driver_errors
from storage.database.engines import (
    POOL_SIZE,
    SNAPSHOT,
    SQLITE_READ_PRAGMAS,
    driver_url,
    sqlite_engine,
    tracked_connections,
)
from storage.database.lru_cache import LRUCache
from storage.database.poll import Poll
from storage.database.quick_reads import QuickReads
from storage.database.read_pool import Driver, ReadPool, SqliteDriver
from storage.database.sqlite_file import SqliteFile
from storage.database.transaction import DatabaseSnapshot, Transaction
from storage.errors import Unavailable

SQLITE_POLL_SECONDS = 0.1
_CACHE_BYTES = 64 * 1024 * 1024
_UNOBSERVED = contextlib.nullcontext()


class StatementObserver(Protocol):
    """Observes the statements that are read through CompiledSelect, for traces."""

    def began(self, select: CompiledSelect[Any], values: Mapping[str, Any]) -> Any:
        """Called before a statement; the return value is passed to `ended`."""

    def ended(self, begun: Any, error: BaseException | None) -> None:
        """Called after a statement."""


class Database:
    """The connections of one database. `async with` starts the listener, and closes everything at its end.

    `read` runs one statement, `snapshot` several that see the same, `write` a transaction. `listen_url` is the
    listener's address where `url` leads to a pooler that does not support LISTEN. With `poll_seconds` the database is
    polled at this interval instead, and nothing listens or notifies. A SQLite file is always polled. Without `listens`
    nothing waits on the bus.
    """

    def __init__(
        self,
        url: str,
        *,
        listen_url: str | None = None,
        poll_seconds: float | None = None,
        pool_size: int = POOL_SIZE,
        listens: bool = True,
    ) -> None:
        self.url = driver_url(url)
        self._listen_url = driver_url(listen_url) if listen_url else self.url
        self._poll_seconds = poll_seconds
        self._listens = listens
        self.bus = Bus()
        self.is_sqlite = self.url.drivername.startswith("sqlite")
        # Each half has its own share of the connections, so that readers and transactions do not wait for each other.
        readers = pool_size // 2
        if self.is_sqlite:
            self._file = SqliteFile(str(self.url.database))
            self.engine = sqlite_engine(self.url, self._file)
        else:
            # Imported only for PostgreSQL, see that module.
            from storage.database.postgresql import postgresql_engine

            self.engine = postgresql_engine(self.url, pool_size - readers)
        self._connections = tracked_connections(self.engine)
        self.readers = ReadPool(self._driver(), readers)
        self.quick_reads = QuickReads(self._file, SQLITE_READ_PRAGMAS) if self.is_sqlite else None
        self.observers: list[StatementObserver] = []
        self.cache = LRUCache(_CACHE_BYTES)
        self._snapshots = self.engine.execution_options(
            **(SNAPSHOT if self.is_sqlite else {"isolation_level": "REPEATABLE READ"})
        )
        # SQLite has one writer. A lock is fair and wakes the next writer at once; SQLite's busy handler polls.
        self._writer = asyncio.Lock() if self.is_sqlite else None
        self._resources = contextlib.AsyncExitStack()

    async def __aenter__(self) -> "Database":
        if self._listens:
            await self._resources.enter_async_context(self._bus_feed())
        return self

    def _bus_feed(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Publishes the changes of other processes on the bus while the block runs."""
        if self.is_sqlite:
            return Poll(self.bus, self).running(SQLITE_POLL_SECONDS)
        if self._poll_seconds is not None:
            return Poll(self.bus, self).running(self._poll_seconds)
        from storage.database.listener import listening
        from storage.database.postgresql import PostgresqlHosts

        return listening(self.bus, PostgresqlHosts(self._listen_url).connect)

    async def __aexit__(self, *_: object) -> None:
        await self._resources.aclose()
        await self.readers.close()
        if self.quick_reads is not None:
            self.quick_reads.close()
        await self.engine.dispose()
        # The engine leaves open what is in use, and an event loop with an open connection may never close.
        for connection in [*self._connections]:
            await self.readers.driver.close(connection)

    def _driver(self) -> Driver:
        if self.is_sqlite:
            return SqliteDriver(self._file, SQLITE_READ_PRAGMAS)
        from storage.database.postgresql import PostgresqlDriver, PostgresqlHosts

        return PostgresqlDriver(PostgresqlHosts(self.url))

    def check_file(self) -> None:
        """Raises Unavailable if the file of a SQLite database was moved, replaced or made inaccessible."""
        if self.is_sqlite:
            with translate_driver_errors():
                self._file.check()

    async def read(self, select: CompiledSelect[Row], **values: Any) -> list[Row]:
        """The rows of a statement among what is committed, with these values of its parameters. Raises Unavailable."""
        try:
            with self._observed(select, values) if self.observers else _UNOBSERVED:
                if self.quick_reads is not None and (found := self.quick_reads.read(select, values)) is not None:
                    return await select.rows(found)
                return await self.readers.read(select, values)
        except Exception:
            # Entered only for errors: entering it takes longer than the rest of this function.
            with translate_driver_errors():
                raise

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[DatabaseSnapshot]:
        """A connection whose statements all see what was committed before the first. Raises Unavailable."""
        async with _connected(self._snapshots) as connection, connection.begin():
            yield DatabaseSnapshot(connection, self._read_on)

    async def _read_on(self, connection: Any, select: CompiledSelect[Row], values: Mapping[str, Any]) -> list[Row]:
        with self._observed(select, values):
            return await self.readers.driver.read(connection, select, values)

    @contextlib.contextmanager
    def _observed(self, select: CompiledSelect[Any], values: Mapping[str, Any]) -> Iterator[None]:
        begun = [observer.began(select, values) for observer in self.observers]
        error: BaseException | None = None
        try:
            yield
        except BaseException as raised:
            error = raised
            raise
        finally:
            for observer, token in zip(self.observers, begun, strict=False):
                observer.ended(token, error)

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """A transaction that is committed at the end of the block, and rolled back by an exception. Raises Unavailable.

        When it is cancelled during the commit, it may be committed or rolled back.
        """
        topics: list[str] = []
        try:
            async with (
                self._writer or contextlib.nullcontext(),
                _connected(self.engine) as connection,
                connection.begin(),
            ):
                transaction = Transaction(connection, topics)
                yield transaction
                if transaction.changes_sessions:
                    await number_changes(transaction)
                if not self.is_sqlite and self._poll_seconds is None:
                    for payload in payloads(self.bus.id, topics):
                        await connection.execute(sa.select(sa.func.pg_notify(CHANNEL, payload)))
        except BaseException:
            # A server that lost the connection may still commit it, and its notification must not be ignored then.
            self.bus.rename()
            raise
        finally:
            # Also after an error, when it may be committed: waiters read again, and a needless read does no harm.
            self.bus.publish(topics)


@contextlib.asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection of the pool, which is closed instead of returned when it may be broken. Raises Unavailable."""
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
                # uvloop raises no other error for writing to a closed connection.
                if not isinstance(error, Unavailable) and not driver.is_closed():
                    raise
                # Not closed in order: after the server's last message the driver's protocol state is unknown.
                driver.terminate()
                await connection.invalidate()
                raise Unavailable(UNAVAILABLE) from error
