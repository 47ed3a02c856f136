"""Column types that mean the same on both databases."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

# Code point order on both: PostgreSQL's "C" collation compares UTF-8 bytes, as SQLite's BINARY does.
KeyText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def instant_text(value: datetime) -> str:
    """RFC 3339 in UTC, always with six digits of a second, so that text order is time order."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Instant(TypeDecorator[datetime]):
    """A moment in UTC, to the microsecond: `timestamptz` on PostgreSQL, fixed-width RFC 3339 text on SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite, whose order is the order of the moments."""
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """`value` must be timezone-aware."""
        if value is None or dialect.name != "sqlite":
            return value
        return instant_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Always timezone-aware, in UTC."""
        return datetime.fromisoformat(value) if isinstance(value, str) else value


class text_of_instant(FunctionElement[str]):  # noqa: N801 - reads as the SQL function that it is
    """A column of instants as `instant_text` writes them. Drivers take several times as long to make datetimes."""

    type = sa.Text()
    inherit_cache = True

    def __init__(self, column: sa.ColumnElement[datetime]) -> None:
        super().__init__(column)


@compiles(text_of_instant, "postgresql")
def _postgresql_text_of_instant(element: text_of_instant, compiler: Any, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    # The driver stores Python's first and last moment as infinities, of which to_char says nothing.
    return (
        f"CASE {column} WHEN '-infinity' THEN '{instant_text(_FIRST)}' WHEN 'infinity' THEN '{instant_text(_LAST)}'"
        f""" ELSE to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') END"""
    )


@compiles(text_of_instant, "sqlite")
def _sqlite_text_of_instant(element: text_of_instant, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


class clock(FunctionElement[datetime]):  # noqa: N801 - reads as the SQL function that it is
    """The database's own time, plus `seconds`. Moves within a transaction."""

    type = Instant()
    inherit_cache = True

    def __init__(self, seconds: float = 0) -> None:
        super().__init__(sa.literal(float(seconds), sa.Float()))


@compiles(clock, "postgresql")
def _postgresql_clock(element: clock, compiler: Any, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    return f"(clock_timestamp() + {seconds} * interval '1 second')"


@compiles(clock, "sqlite")
def _sqlite_clock(element: clock, compiler: Any, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    return f"strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', {seconds} || ' seconds')"


class position_of(FunctionElement[int]):  # noqa: N801 - reads as the SQL function that it is
    """Where a text first holds another, from 1; 0 when it does not. Unlike LIKE it takes a text of any length."""

    type = sa.Integer()
    inherit_cache = True

    def __init__(self, part: sa.ColumnElement[str] | str, whole: sa.ColumnElement[str]) -> None:
        super().__init__(whole, sa.literal(part, sa.Text()) if isinstance(part, str) else part)


@compiles(position_of, "postgresql")
def _postgresql_position_of(element: position_of, compiler: Any, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)})"


@compiles(position_of, "sqlite")
def _sqlite_position_of(element: position_of, compiler: Any, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"


class _List(TypeDecorator[list[Any]]):
    """A list that a statement is given as one value, whatever its length: an array, or JSON text on SQLite."""

    impl = sa.Text
    item: TypeEngine[Any]

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Of its items on PostgreSQL."""
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else ARRAY(self.item))

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        """`value` may be any sequence."""
        if value is None:
            return None
        return orjson.dumps(value).decode() if dialect.name == "sqlite" else list(value)


class TextList(_List):
    """Several texts."""

    cache_ok = True
    item = sa.Text()


class IntegerList(_List):
    """Several whole numbers of 32 bits."""

    cache_ok = True
    item = sa.Integer()


class BigIntegerList(_List):
    """Several whole numbers."""

    cache_ok = True
    item = sa.BigInteger()


class is_any_of(FunctionElement[Any]):  # noqa: N801 - reads as the SQL condition that it is
    """Whether a text is one of a list's."""

    # Not a Boolean, which would be compared with 1 on SQLite, past every index.
    type = sa.types.NullType()
    inherit_cache = True

    def __init__(self, text: sa.ColumnElement[str], name: str, values: Sequence[str] | None = None) -> None:
        super().__init__(text, sa.bindparam(name, values, TextList()))


@compiles(is_any_of, "postgresql")
def _postgresql_is_any_of(element: is_any_of, compiler: Any, **options: Any) -> str:
    text, texts = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({text} = ANY ({texts}))"


@compiles(is_any_of, "sqlite")
def _sqlite_is_any_of(element: is_any_of, compiler: Any, **options: Any) -> str:
    text, texts = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({text} IN (SELECT value FROM json_each({texts})))"
