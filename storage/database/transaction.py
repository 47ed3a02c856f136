"""Connections on which several statements run: a snapshot for reading, and a transaction for writing."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias, TypeVarTuple, overload

import sqlalchemy as sa
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import TypedReturnsRows

from storage.database.compiled_select import CompiledSelect, Row
from storage.database.tables.change import tombstone
from storage.database.tables.session import session
from storage.stored_values import instant_text

_NUMBERED = {session, tombstone}
Columns = TypeVarTuple("Columns")
Values: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class DatabaseConnection:
    """Runs statements of SQLAlchemy on one connection, whose transaction has begun."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.is_sqlite = connection.dialect.name == "sqlite"

    @overload
    async def execute(
        self, statement: TypedReturnsRows[*Columns], values: Values | None = None
    ) -> CursorResult[*Columns]: ...

    @overload
    async def execute(
        self, statement: sa.Executable, values: Values | None = None
    ) -> CursorResult[*tuple[Any, ...]]: ...

    async def execute(self, statement: sa.Executable, values: Values | None = None) -> CursorResult[*tuple[Any, ...]]:
        """Run one statement."""
        return await self.connection.execute(statement, values)

    async def _driver(self) -> Any:
        driver = (await self.connection.get_raw_connection()).driver_connection
        assert driver is not None
        return driver

    async def _interruptible(self, running: Awaitable[Any]) -> Any:
        """The result of a driver's call; when it is cancelled, SQLite's statement is interrupted too."""
        try:
            return await running
        except asyncio.CancelledError:
            if self.is_sqlite:
                await (await self._driver()).interrupt()
            raise


class DatabaseSnapshot(DatabaseConnection):
    """Statements that all see what was committed before the first of them."""

    def __init__(
        self,
        connection: AsyncConnection,
        read: Callable[[Any, CompiledSelect[Any], Mapping[str, Any]], Awaitable[list[Any]]],
    ) -> None:
        super().__init__(connection)
        self._read = read
        self._has_begun = self.is_sqlite

    async def read(self, select: CompiledSelect[Row], **values: Any) -> list[Row]:
        """The rows of a statement. Raises Unavailable."""
        if not self._has_begun:
            # SQLAlchemy begins a transaction on asyncpg with the first statement that it runs itself.
            await self.connection.exec_driver_sql("SELECT 1")
            self._has_begun = True
        rows: list[Row] = await self._interruptible(self._read(await self._driver(), select, values))
        return rows


class Transaction(DatabaseConnection):
    """Statements that are committed together, and topics that are published when they are.

    `changes_sessions` tells whether one of them wrote a table whose changes are numbered before the commit.
    """

    def __init__(self, connection: AsyncConnection, topics: list[str]) -> None:
        super().__init__(connection)
        self.topics = topics
        self.changes_sessions = False

    async def execute(self, statement: sa.Executable, values: Values | None = None) -> CursorResult[*tuple[Any, ...]]:
        """Run one statement."""
        if isinstance(statement, sa.UpdateBase) and statement.table in _NUMBERED:
            self.changes_sessions = True
        return await super().execute(statement, values)

    def instant(self, value: datetime) -> datetime | str:
        """A moment as `insert` takes it."""
        return instant_text(value) if self.is_sqlite else value

    def notify(self, *topics: str) -> None:
        """Publish topics to all processes after the commit."""
        self.topics.extend(topics)

    async def insert(self, table: sa.Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
        """Insert many rows by the driver's fastest method: COPY on PostgreSQL.

        Another statement must have begun the transaction. Values are not converted: use `instant` for moments. On
        SQLite, an iterator of rows is run in the driver's thread.
        """
        if not rows:
            return
        self.changes_sessions |= table in _NUMBERED
        driver = await self._driver()
        if self.is_sqlite:
            places = ", ".join("?" * len(columns))
            statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({places})"
            await self._interruptible(driver.executemany(statement, rows))
        else:
            await driver.copy_records_to_table(table.name, records=rows, columns=columns)
