"""Lists passed to a statement as one parameter, so that its text is the same whatever their length.

PostgreSQL is given an array, SQLite the text of a JSON array.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from storage.database.types import DialectFunction, KeyText


class ListOf(TypeDecorator[list[Any]]):
    """The type of a parameter that is a list of values of one type."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """JSON text on SQLite, an array on PostgreSQL."""
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.ARRAY(self.item))

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        """Any sequence is accepted."""
        if value is None:
            return None
        return orjson.dumps(value).decode() if dialect.name == "sqlite" else list(value)


class is_any_of(DialectFunction[Any]):  # noqa: N801 - reads as the SQL condition that it is
    """Whether a column of texts or whole numbers holds one of the values in the list parameter `name`."""

    # Not a Boolean: SQLAlchemy would render `= 1` on SQLite, which then uses no index.
    type = sa.types.NullType()
    inherit_cache = True
    sqlite = "({0} IN (SELECT value FROM json_each({1})))"
    postgresql = "({0} = ANY ({1}))"

    def __init__(self, column: ColumnElement[Any], name: str, values: Sequence[Any] | None = None) -> None:
        item = sa.BigInteger() if isinstance(column.type, sa.Integer) else sa.Text()
        super().__init__(column, sa.bindparam(name, values, ListOf(item)))


class contains_all_of(DialectFunction[Any]):  # noqa: N801 - reads as the SQL condition that it is
    """Whether a column of texts contains each of the texts in the list parameter `name`."""

    # As above.
    type = sa.types.NullType()
    inherit_cache = True
    sqlite = "(NOT EXISTS (SELECT 1 FROM json_each({1}) WHERE instr({0}, value) = 0))"
    postgresql = "(NOT EXISTS (SELECT 1 FROM unnest({1}) AS part WHERE strpos({0}, part) = 0))"

    def __init__(self, column: ColumnElement[Any], name: str, values: Sequence[str] | None = None) -> None:
        super().__init__(column, sa.bindparam(name, values, ListOf(sa.Text())))


def numbers_table(name: str, *, is_sqlite: bool) -> tuple[sa.FromClause, ColumnElement[int]]:
    """A table of the whole numbers in the list parameter `name`, and its column."""
    table, [number] = lists_table({name: sa.BigInteger()}, is_sqlite=is_sqlite)
    return table, number


def texts_table(name: str, *, is_sqlite: bool) -> tuple[sa.FromClause, ColumnElement[str]]:
    """A table of the texts in the list parameter `name`, and its column."""
    table, [text] = lists_table({name: KeyText}, is_sqlite=is_sqlite)
    return table, text


def lists_table(
    types: Mapping[str, TypeEngine[Any]], *, is_sqlite: bool
) -> tuple[sa.FromClause, list[ColumnElement[Any]]]:
    """A table with a column for each of several list parameters of the same length, and its columns."""
    lists = [sa.bindparam(name, type_=ListOf(item)) for name, item in types.items()]
    if not is_sqlite:
        columns = [sa.column(name, item) for name, item in types.items()]
        rows = sa.func.unnest(*lists).table_valued(*columns).render_derived()
        return rows, [rows.c[name] for name in types]
    first, *others = types.values()
    table = sa.func.json_each(lists[0]).table_valued("key", sa.column("value", first))
    path = sa.func.printf("$[%d]", table.c.key)
    rest = [sa.func.json_extract(values, path, type_=item) for values, item in zip(lists[1:], others, strict=True)]
    return table, [table.c.value, *rest]
