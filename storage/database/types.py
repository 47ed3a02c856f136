"""Column types and SQL functions that behave the same on both databases."""

from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from storage.stored_values import instant_text

T = TypeVar("T")

# Sorted by code points on both: PostgreSQL's "C" collation compares UTF-8 bytes, as SQLite's BINARY does.
KeyText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


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


class DialectFunction(FunctionElement[T]):
    """A function or a condition with a text for each database, in which `{0}` stands for the first argument."""

    sqlite: ClassVar[str]
    postgresql: ClassVar[str]


@compiles(DialectFunction)
def _compile_dialect_function(element: DialectFunction[Any], compiler: Any, **options: Any) -> str:
    text: str = getattr(element, compiler.dialect.name)
    return text.format(*(compiler.process(argument, **options) for argument in element.clauses))


class text_of_instant(DialectFunction[str]):  # noqa: N801 - reads as the SQL function that it is
    """A column of instants as the text of `instant_text`, which drivers read several times faster than datetimes."""

    type = sa.Text()
    inherit_cache = True
    sqlite = "{0}"
    # The driver stores Python's first and last moment as infinities, for which to_char returns an empty text.
    postgresql = (
        f"CASE {{0}} WHEN '-infinity' THEN '{instant_text(_FIRST)}' WHEN 'infinity' THEN '{instant_text(_LAST)}'"
        """ ELSE to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') END"""
    )


class without_index(DialectFunction[Any]):  # noqa: N801 - reads as the SQL operator that it is
    """A condition for which SQLite looks into no index, see https://sqlite.org/optoverview.html#uplus.

    Where a list of numbers is joined and the result is sorted, it would else read, for each number, all rows that an
    index of that order has: 27 seconds for 1,081 of 20,000 sessions (SQLite 3.40 to 3.53).
    """

    # As for `is_any_of`.
    type = sa.types.NullType()
    inherit_cache = True
    sqlite = "(+({0}))"
    postgresql = "({0})"


class clock(DialectFunction[datetime]):  # noqa: N801 - reads as the SQL function that it is
    """The current time of the database server plus `seconds`; not fixed within a transaction."""

    type = Instant()
    inherit_cache = True
    sqlite = "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', {0} || ' seconds')"
    postgresql = "(clock_timestamp() + {0} * interval '1 second')"

    def __init__(self, seconds: float = 0) -> None:
        super().__init__(sa.literal(float(seconds), sa.Float()))


class concatenated(DialectFunction[bytes]):  # noqa: N801 - reads as the SQL function that it is
    """An aggregate: the bytes of a column, one after another in any order; null for no row."""

    type = sa.LargeBinary()
    inherit_cache = True
    # group_concat takes the bytes as a text without checking them.
    sqlite = "CAST(group_concat({0}, '') AS BLOB)"
    postgresql = "string_agg({0}, '')"


class position_of(DialectFunction[int]):  # noqa: N801 - reads as the SQL function that it is
    """The index, from 1, of the first occurrence of a text in another; 0 if there is none. LIKE limits the length."""

    type = sa.Integer()
    inherit_cache = True
    sqlite = "instr({0}, {1})"
    postgresql = "strpos({0}, {1})"

    def __init__(self, part: sa.ColumnElement[str] | str, whole: sa.ColumnElement[str]) -> None:
        super().__init__(whole, sa.literal(part, sa.Text()) if isinstance(part, str) else part)
