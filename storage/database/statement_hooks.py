"""Hooks around each statement of a database, for traces."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.sql.util import find_tables

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database

T = TypeVar("T")

_KEY = "reprise_statement"


def observe_statements(
    database: Database,
    begin: Callable[[str, str, list[str]], T | None],
    end: Callable[[T, BaseException | None], None],
) -> None:
    """Call `begin` before each statement, and `end` after it with what `begin` returned, unless that is None.

    `begin` gets the database system, the statement's verb and the names of its tables, but never its text, which may
    contain search terms. Bulk inserts are not observed.
    """
    engine = database.engine.sync_engine

    def before(connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        compiled = getattr(context, "compiled", None)
        tables = [] if compiled is None else find_tables(compiled.statement, check_columns=True, include_crud=True)
        names = sorted({table.name for table in tables if isinstance(table, sa.Table)})
        connection.info[_KEY] = begin(engine.dialect.name, statement.split(None, 1)[0].upper(), names)

    def after(connection: Any, *_: Any) -> None:
        ended(connection, None)

    def failed(failure: Any) -> None:
        if failure.connection is not None:
            ended(failure.connection, failure.original_exception)

    def ended(connection: Any, error: BaseException | None) -> None:
        if not connection.invalidated and (begun := connection.info.pop(_KEY, None)) is not None:
            end(begun, error)

    sa.event.listen(engine, "before_cursor_execute", before)
    sa.event.listen(engine, "after_cursor_execute", after)
    sa.event.listen(engine, "handle_error", failed)
    database.observers.append(_Observer(engine.dialect.name, begin, end))


class _Observer(Generic[T]):
    """Observes the statements that do not go through SQLAlchemy."""

    def __init__(
        self,
        system: str,
        begin: Callable[[str, str, list[str]], T | None],
        end: Callable[[T, BaseException | None], None],
    ) -> None:
        self._system = system
        self._begin = begin
        self._end = end

    def began(self, select: CompiledSelect[Any], values: Mapping[str, Any]) -> T | None:
        return self._begin(self._system, "SELECT", select.tables)

    def ended(self, begun: T | None, error: BaseException | None) -> None:
        if begun is not None:
            self._end(begun, error)
