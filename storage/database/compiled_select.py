"""SELECT statements that are compiled once and run on the driver's own cursor, many times faster than by SQLAlchemy."""

import functools
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, Generic, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.sql.util import find_tables

from storage.database.long_text import LongText, make_plain, stored_column
from storage.database.row_types import Columns, narrow_type
from storage.database.types import Instant, text_of_instant

Row = TypeVar("Row")


@functools.lru_cache(maxsize=2)
def _dialect(*, is_sqlite: bool) -> Dialect:
    dialect: Dialect = make_url("sqlite+aiosqlite://" if is_sqlite else "postgresql+asyncpg://").get_dialect()()
    return dialect


class Reader(Protocol):
    """A Snapshot, or a Database, of which each read sees what is committed by then."""

    is_sqlite: bool

    async def read(self, select: "CompiledSelect[Row]", **values: Any) -> "list[Row]":
        """The rows of a statement with these values of its parameters. Raises Unavailable."""


class CompiledSelect(Generic[Row]):
    """A statement with named parameters that selects `columns` of a row type, compiled for one of the databases.

    `text` is the SQL that the driver is given, `tables` the names of the tables in it, `row_type` the class of rows.
    """

    def __init__(self, statement: sa.Select[Any], row_type: type[Row], columns: Columns, *, is_sqlite: bool) -> None:
        dialect = _dialect(is_sqlite=is_sqlite)
        selected = list(statement.selected_columns)
        named = dict(zip(columns, selected, strict=False))
        instants = frozenset(name for name, column in named.items() if isinstance(column.type, Instant))
        never_null = frozenset(name for name, column in named.items() if not getattr(column, "nullable", True))
        # SQLite has no Booleans.
        flags = frozenset(name for name in never_null if is_sqlite and isinstance(named[name].type, sa.Boolean))
        # SQLite stores any value in any column.
        int32 = frozenset(name for name, column in named.items() if not is_sqlite and _is_int32(column))
        self._long_texts = [
            index for index, column in enumerate(selected) if is_sqlite and isinstance(column.type, LongText)
        ]
        # Instants of named columns are read as texts. The attributes of the row type convert both on access.
        as_read = [
            text_of_instant(column).label(name)
            if name in instants
            else stored_column(column)
            if index in self._long_texts
            else column
            for index, (name, column) in enumerate(named.items())
        ]
        statement = statement.with_only_columns(*as_read, *selected[len(named) :])
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, sa.sql.compiler.SQLCompiler)
        assert not compiled.post_compile_params, "the text would depend on the values"
        self.text = compiled.string
        self.tables = sorted({table.name for table in find_tables(statement) if isinstance(table, sa.Table)})
        untyped: Any = row_type
        self.row_type: Any = narrow_type(untyped, columns, never_null, instants, flags, int32, is_record=not is_sqlite)
        self._parameters = [
            (bind.key, bind.effective_value, bind.type.dialect_impl(dialect).bind_processor(dialect))
            for bind in (compiled.binds[name] for name in compiled.positiontup or ())
        ]
        # asyncpg converts values itself.
        self._conversions = [
            (index, convert)
            for index, (column, name) in enumerate(zip_longest(statement.selected_columns, named))
            if is_sqlite
            and name not in flags
            and (convert := column.type.dialect_impl(dialect).result_processor(dialect, None)) is not None
        ]

    def parameters(self, values: Mapping[str, Any]) -> list[Any]:
        """The positional parameters: for each the value of its name, or else its default in the statement."""
        converted = []
        for name, default, convert in self._parameters:
            value = values.get(name, default)
            converted.append(value if convert is None else convert(value))
        return converted

    async def rows(self, found: list[Sequence[Any]]) -> list[Row]:
        """Rows of the row type, made of SQLite's, whose list is changed."""
        for index in self._long_texts:
            await make_plain(found, index)
        if not self._conversions:
            return list(map(self.row_type, found))
        return [self.row_type(self._converted(row)) for row in found]

    def _converted(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for index, convert in self._conversions:
            values[index] = convert(values[index])
        return values


def _is_int32(column: sa.ColumnElement[Any]) -> bool:
    is_integer = isinstance(column.type, sa.Integer) and not isinstance(column.type, sa.BigInteger)
    return is_integer and isinstance(column, sa.Column)
