"""Connections of the drivers' own, for reading: opened when they are needed, and kept.

To take one and to give it back costs less than a statement, which cannot be said of a pool that knows transactions.
"""

import asyncio
import contextlib
import functools
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import aiosqlite
import asyncpg

from storage.database.compiled_select import CompiledSelect, Row
from storage.database.driver_errors import UNAVAILABLE
from storage.database.engines import existing_file_uri
from storage.database.timed_lock import TimedLock
from storage.errors import Unavailable

PATIENCE = 10.0
"""Seconds that a reader waits for a connection."""

# Classes of SQLSTATE after which the server ends the connection.
_LAST_WORDS = {"08", "57"}
_LONGEST_LIFE = 3600.0
_CLOSING_SECONDS = 2.0
# Most statements of SQLite take less.
_TURN_SECONDS = 0.005


class Driver(Protocol):
    """How connections of one kind are handled. What they raise is the driver's own."""

    async def open(self) -> Any:
        """A new connection."""

    def is_open(self, connection: Any) -> bool:
        """Whether it can still be used."""

    async def close(self, connection: Any) -> None:
        """End it, and the statement that it was left with."""

    async def rows(self, connection: Any, reading: CompiledSelect[Row], values: Mapping[str, Any]) -> list[Row]:
        """What a statement finds."""

    async def begin(self, connection: Any) -> None:
        """From now on statements see what was committed before the first of them."""

    async def end(self, connection: Any) -> None:
        """From now on each sees what is committed."""

    def is_sound_after(self, error: BaseException) -> bool:
        """Whether a connection may be used again after a statement has failed."""


class PostgresqlDriver:
    """Connections of asyncpg, which `connect` opens."""

    def __init__(self, connect: Callable[[], Awaitable[Any]]) -> None:
        self._connect = connect

    async def open(self) -> Any:
        return await self._connect()

    def is_open(self, connection: Any) -> bool:
        return not connection.is_closed()

    async def close(self, connection: Any) -> None:
        try:
            # Waits until a statement that was called off has been.
            await connection.close(timeout=_CLOSING_SECONDS)
        except (OSError, RuntimeError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            connection.terminate()

    async def rows(self, connection: Any, reading: CompiledSelect[Row], values: Mapping[str, Any]) -> list[Row]:
        found: list[Row] = await connection.fetch(
            reading.text, *reading.parameters(values), record_class=reading.row_type
        )
        return found

    async def begin(self, connection: Any) -> None:
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    async def end(self, connection: Any) -> None:
        await connection.execute("COMMIT")

    def is_sound_after(self, error: BaseException) -> bool:
        # From the server's last word to the line's end the driver has lost count.
        return isinstance(error, asyncpg.PostgresError) and error.sqlstate[:2] not in _LAST_WORDS


class SqliteDriver:
    """Connections of aiosqlite to one file; each has a thread of its own."""

    def __init__(self, path: str, pragmas: Sequence[str]) -> None:
        self._path = path
        self._pragmas = pragmas
        self._turns = TimedLock(_TURN_SECONDS)

    async def open(self) -> Any:
        connection = await aiosqlite.connect(existing_file_uri(self._path), uri=True, isolation_level=None)
        try:
            for pragma in self._pragmas:
                await connection.execute(pragma)
        except BaseException:
            await asyncio.shield(connection.close())
            raise
        return connection

    def is_open(self, connection: Any) -> bool:
        return True

    async def close(self, connection: Any) -> None:
        await connection.interrupt()
        await connection.close()

    async def rows(self, connection: Any, reading: CompiledSelect[Row], values: Mapping[str, Any]) -> list[Row]:
        end = await self._turns.take()
        try:
            # The one call that crosses to its thread and back once.
            found = await connection.execute_fetchall(reading.text, reading.parameters(values))
        finally:
            end()
        return reading.rows(found)

    async def begin(self, connection: Any) -> None:
        await connection.execute_fetchall("BEGIN")

    async def end(self, connection: Any) -> None:
        await connection.execute_fetchall("COMMIT")

    def is_sound_after(self, error: BaseException) -> bool:
        return isinstance(error, aiosqlite.Error)


class ReadPool:
    """At most `size` connections. Who finds all of them busy waits in line."""

    def __init__(self, driver: Driver, size: int) -> None:
        self._driver = driver
        self._size = size
        self._born: dict[Any, float] = {}
        self._idle: list[Any] = []
        self._opening = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._ending: set[asyncio.Task[None]] = set()

    async def read(self, reading: CompiledSelect[Row], values: Mapping[str, Any]) -> list[Row]:
        """What a statement finds. Raises what the driver does, and Unavailable when no connection becomes free.

        When the reader is cancelled, its statement is stopped.
        """
        connection = await self._take()
        try:
            rows = await self._driver.rows(connection, reading, values)
        except BaseException as error:
            self._give_back_after(error, connection, self._driver.is_sound_after(error))
            raise
        self._give_back(connection, is_sound=True)
        return rows

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Callable[[CompiledSelect[Any], Mapping[str, Any]], Awaitable[list[Any]]]]:
        """Statements that see the same, as `read` gives what they find. Raises as `read` does."""
        connection = await self._take()
        try:
            await self._driver.begin(connection)
            yield functools.partial(self._driver.rows, connection)
            await self._driver.end(connection)
        except BaseException as error:
            self._give_back_after(error, connection, False)
            raise
        self._give_back(connection, is_sound=True)

    async def close(self) -> None:
        """Closes all; nobody may be reading."""
        for connection in [*self._born]:
            self._end(connection)
        self._idle.clear()
        while self._ending:
            await asyncio.wait(self._ending)

    async def _take(self) -> Any:
        # What is idle nobody waits for: who gives one back hands it to the first in line.
        while self._idle:
            # The one that was used last: those that are not needed grow old.
            connection = self._idle.pop()
            if self._driver.is_open(connection):
                return connection
            self._end(connection)
        if len(self._born) + self._opening >= self._size and (connection := await self._turn()) is not None:
            if self._driver.is_open(connection):
                return connection
            self._end(connection)
        return await self._opened()

    async def _opened(self) -> Any:
        self._opening += 1
        try:
            connection = await self._driver.open()
        except BaseException:
            self._opening -= 1
            self._hand_on()
            raise
        self._opening -= 1
        self._born[connection] = time.monotonic()
        return connection

    async def _turn(self) -> Any:
        """A connection, or None when there is room for a new one. Raises Unavailable."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append(turn)
        timer = loop.call_later(PATIENCE, _run_out, turn)
        try:
            connection = await turn
        except BaseException:
            # Not given to who has left.
            if not turn.cancel() and not turn.cancelled() and turn.exception() is None:
                self._opening -= turn.result() is None
                self._hand_on(turn.result())
            raise
        finally:
            timer.cancel()
        self._opening -= connection is None
        return connection

    def _hand_on(self, connection: Any = None) -> None:
        """Gives a connection, or else the room for one, to who has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                # Until it is taken, as if one were being opened.
                self._opening += connection is None
                turn.set_result(connection)
                return
        if connection is not None:
            self._idle.append(connection)

    def _give_back(self, connection: Any, *, is_sound: bool) -> None:
        born = self._born.get(connection)
        if born is None:
            # It was closed with all the others.
            return
        is_old = time.monotonic() - born > _LONGEST_LIFE
        if is_sound and not is_old and self._driver.is_open(connection):
            self._hand_on(connection)
        else:
            self._end(connection)
            self._hand_on()

    def _give_back_after(self, error: BaseException, connection: Any, is_sound: bool) -> None:
        """Raises Unavailable for the error when the connection has ended."""
        has_ended = not self._driver.is_open(connection)
        self._give_back(connection, is_sound=is_sound)
        if isinstance(error, RuntimeError) and has_ended:
            # uvloop has no better word for what is said on a line that has closed.
            raise Unavailable(UNAVAILABLE) from error

    def _end(self, connection: Any) -> None:
        del self._born[connection]
        ending = asyncio.create_task(self._driver.close(connection), name="reprise-connection-end")
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)


def _run_out(turn: asyncio.Future[Any]) -> None:
    if not turn.done():
        turn.set_exception(Unavailable(UNAVAILABLE))
