"""A pool of driver connections for reading, opened on demand.

It serves both drivers. asyncpg's own pool takes 0.11 ms longer for each statement, since it resets the connections that
are returned to it; that is 15 % of a request for 50 sessions (1.54 instead of 1.34 ms, the client included). Here a
connection runs nothing but single statements that read, and needs no reset.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import aiosqlite

from storage.database.compiled_select import CompiledSelect, Row
from storage.database.driver_errors import UNAVAILABLE
from storage.database.long_text import add_functions
from storage.database.sqlite_connections import open_sqlite
from storage.database.sqlite_file import SqliteFile
from storage.database.timed_lock import TimedLock
from storage.errors import Unavailable

ACQUIRE_SECONDS = 10.0

_MAX_AGE_SECONDS = 3600.0
# Most statements on SQLite take less.
_LOCK_SECONDS = 0.005
# Statements that run in threads are long ones, which read most pages once, and each connection has a cache of its own.
_CACHE_PRAGMA = "PRAGMA cache_size=-1024"


class Driver(Protocol):
    """The functions of a database driver that the pool needs. They raise the driver's own errors."""

    async def open(self) -> Any:
        """Open a connection."""

    def is_open(self, connection: Any) -> bool:
        """Whether a connection can be used."""

    async def close(self, connection: Any) -> None:
        """Stop a connection's running statement and close it."""

    async def read(self, connection: Any, select: CompiledSelect[Row], values: Mapping[str, Any]) -> list[Row]:
        """The rows of a statement."""

    def is_usable_after(self, error: BaseException) -> bool:
        """Whether a connection can be used after a statement has failed with this error."""


class SqliteDriver:
    """aiosqlite on one file; each connection has a thread."""

    def __init__(self, file: SqliteFile, pragmas: Sequence[str]) -> None:
        self._file = file
        self._pragmas = (*pragmas, _CACHE_PRAGMA)
        # Statements that run at the same time compete for Python's global lock and take longer than one by one.
        self._lock = TimedLock(_LOCK_SECONDS)

    async def open(self) -> Any:
        connection = await open_sqlite(self._file)
        try:
            for pragma in self._pragmas:
                await connection.execute(pragma)
            await add_functions(connection.create_function)
        except BaseException:
            await asyncio.shield(connection.close())
            raise
        return connection

    def is_open(self, connection: Any) -> bool:
        return True

    async def close(self, connection: Any) -> None:
        await connection.interrupt()
        await connection.close()

    async def read(self, connection: Any, select: CompiledSelect[Row], values: Mapping[str, Any]) -> list[Row]:
        release = await self._lock.acquire()
        try:
            # The only method that runs a statement and fetches its rows in one switch to the thread.
            rows = await connection.execute_fetchall(select.text, select.parameters(values))
        finally:
            release()
        return await select.rows(rows)

    def is_usable_after(self, error: BaseException) -> bool:
        return isinstance(error, aiosqlite.Error)


class ReadPool:
    """At most `size` connections; readers wait for them in the order in which they came."""

    def __init__(self, driver: Driver, size: int) -> None:
        self.driver = driver
        self.opened: dict[Any, float] = {}
        """The open connections, with the times at which they were opened."""
        self._idle: list[Any] = []
        self._free = asyncio.Semaphore(size)
        self._closing: set[asyncio.Task[None]] = set()

    async def read(self, select: CompiledSelect[Row], values: Mapping[str, Any]) -> list[Row]:
        """The rows of a statement, which is stopped when the caller is cancelled.

        Raises the driver's errors, and Unavailable when no connection became free in time.
        """
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        try:
            return await self._read(select, values)
        finally:
            self._free.release()

    async def close(self) -> None:
        """Close all connections, when none is in use."""
        for connection in [*self.opened]:
            self._close(connection)
        self._idle.clear()
        while self._closing:
            await asyncio.wait(self._closing)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(ACQUIRE_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise Unavailable(UNAVAILABLE) from None

    async def _read(self, select: CompiledSelect[Row], values: Mapping[str, Any]) -> list[Row]:
        connection = self._idle_connection()
        if connection is None:
            connection = await self.driver.open()
            self.opened[connection] = time.monotonic()
        is_usable = False
        try:
            rows = await self.driver.read(connection, select, values)
            is_usable = True
        except BaseException as error:
            is_usable = self.driver.is_usable_after(error)
            if isinstance(error, RuntimeError) and not self.driver.is_open(connection):
                # uvloop raises no other error for writing to a closed connection.
                raise Unavailable(UNAVAILABLE) from error
            raise
        finally:
            self._release(connection, is_usable=is_usable)
        return rows

    def _idle_connection(self) -> Any:
        # The one used last, so that a quiet pool lets the others expire.
        while self._idle:
            connection = self._idle.pop()
            if self.driver.is_open(connection):
                return connection
            self._close(connection)
        return None

    def _release(self, connection: Any, *, is_usable: bool) -> None:
        opened_at = self.opened.get(connection)
        if opened_at is None:
            # The pool was closed meanwhile.
            return
        is_expired = time.monotonic() - opened_at > _MAX_AGE_SECONDS
        if is_usable and not is_expired and self.driver.is_open(connection):
            self._idle.append(connection)
        else:
            self._close(connection)

    def _close(self, connection: Any) -> None:
        del self.opened[connection]
        task = asyncio.create_task(self.driver.close(connection), name="reprise-close-connection")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
