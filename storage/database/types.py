"""Column types and SQL functions that behave the same on both databases."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

# Sorted by code points on both: PostgreSQL's "C" collation compares UTF-8 bytes, as SQLite's BINARY does.
KeyText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def instant_text(value: datetime) -> str:
    """The moment in RFC 3339, in UTC with six fractional digits: texts sort as the moments do."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Instant(TypeDecorator[datetime]):
    """A moment in UTC, to the microsecond: `timestamptz` on PostgreSQL, fixed-width RFC 3339 text on SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite, which has no type for moments."""
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
    """A column of instants as the text of `instant_text`, which drivers read several times faster than datetimes."""

    type = sa.Text()
    inherit_cache = True

    def __init__(self, column: sa.ColumnElement[datetime]) -> None:
        super().__init__(column)


@compiles(text_of_instant, "postgresql")
def _postgresql_text_of_instant(element: text_of_instant, compiler: Any, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    # The driver stores Python's first and last moment as infinities, for which to_char returns an empty text.
    return (
        f"CASE {column} WHEN '-infinity' THEN '{instant_text(_FIRST)}' WHEN 'infinity' THEN '{instant_text(_LAST)}'"
        f""" ELSE to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') END"""
    )


@compiles(text_of_instant, "sqlite")
def _sqlite_text_of_instant(element: text_of_instant, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


class clock(FunctionElement[datetime]):  # noqa: N801 - reads as the SQL function that it is
    """The current time of the database server plus `seconds`; not fixed within a transaction."""

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


class concatenated(FunctionElement[bytes]):  # noqa: N801 - reads as the SQL function that it is
    """An aggregate: the bytes of a column, one after another in any order; null for no row."""

    type = sa.LargeBinary()
    inherit_cache = True

    def __init__(self, column: sa.ColumnElement[bytes]) -> None:
        super().__init__(column)


@compiles(concatenated, "postgresql")
def _postgresql_concatenated(element: concatenated, compiler: Any, **options: Any) -> str:
    return f"string_agg({compiler.process(element.clauses, **options)}, '')"


@compiles(concatenated, "sqlite")
def _sqlite_concatenated(element: concatenated, compiler: Any, **options: Any) -> str:
    # It takes the bytes as a text without looking at them.
    return f"CAST(group_concat({compiler.process(element.clauses, **options)}, '') AS BLOB)"


class position_of(FunctionElement[int]):  # noqa: N801 - reads as the SQL function that it is
    """The index, from 1, of the first occurrence of a text in another; 0 if there is none. LIKE limits the length."""

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
