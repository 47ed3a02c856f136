"""Records the SQL statements that a server executes."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from tests.support.server import Served

_WRITES = ("INSERT", "UPDATE", "DELETE")


class Statements(list[str]):
    """The texts of statements in the order in which they began, without transaction control."""

    @property
    def writes(self) -> list[str]:
        """Those that change rows."""
        return [statement for statement in self if statement.lstrip().upper().startswith(_WRITES)]


@contextlib.contextmanager
def statements(server: Served) -> Iterator[Statements]:
    """The statements of a server's own database while the block runs.

    Rows that the driver takes in bulk are not among them: compare rows for those.
    """
    ran = Statements()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            ran.append(statement)

    database = server.app.state.database
    engine = database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    watcher = _Watcher(ran)
    database.observers.append(watcher)
    try:
        yield ran
    finally:
        database.observers.remove(watcher)
        sa.event.remove(engine, "before_cursor_execute", note)


class ReadStatements:
    """An observer that records the statements that are read through CompiledSelect, with their parameters."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, list[Any]]] = []

    def began(self, select: CompiledSelect[Any], values: Mapping[str, Any]) -> None:
        self.statements.append((select.text, select.parameters(values)))

    def ended(self, begun: None, error: BaseException | None) -> None:
        """Records nothing."""


class _Watcher:
    """Records statements that the driver executes directly."""

    def __init__(self, ran: Statements) -> None:
        self._ran = ran

    def began(self, reading: CompiledSelect[Any], values: Mapping[str, Any]) -> None:
        self._ran.append(reading.text)

    def ended(self, begun: None, error: BaseException | None) -> None:
        """Record nothing."""


def read_in_threads(database: Database) -> None:
    """Let a SQLite database answer no statement on the event loop any more."""
    if database.quick_reads is not None:
        database.quick_reads.close()
        database.quick_reads = None
