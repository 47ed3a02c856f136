"""Long texts: SQLite stores them compressed. PostgreSQL compresses long values itself."""

import asyncio
from collections.abc import Callable, MutableSequence, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from storage.compression import content_size
from storage.database.types import DialectFunction
from storage.stored_values import LONG, decompressed_text, stored_text

# The most bytes that are decompressed on the event loop, which takes a millisecond.
_MOST_ON_LOOP = 2**20

Rows: TypeAlias = MutableSequence[Sequence[Any]]


def add_functions(create_function: Callable[..., Any]) -> Any:
    """Define the functions that statements call to read long texts, by a SQLite connection's method, whose result it
    returns.
    """
    return create_function(decompressed_text.__name__, 1, decompressed_text, deterministic=True)


async def make_plain(rows: Rows, index: int) -> None:
    """Put plain texts into rows at the index where their statement selects a column of long texts as it is stored."""
    types = list(map(type, map(itemgetter(index), rows)))
    # Most pages have few long texts or none.
    places = [place for place, type_ in enumerate(types) if type_ is bytes] if bytes in types else []
    if sum(content_size(rows[place][index]) for place in places) <= _MOST_ON_LOOP:
        _make_plain(rows, index, places)
    else:
        await asyncio.to_thread(_make_plain, rows, index, places)


def _make_plain(rows: Rows, index: int, places: list[int]) -> None:
    for place in places:
        row = rows[place]
        rows[place] = (*row[:index], decompressed_text(row[index]), *row[index + 1 :])


class LongText(TypeDecorator[str]):
    """A text that may be long; the column `size` of its table counts its characters.

    `Transaction.insert` converts no values: on SQLite, it takes what `stored_text` returns.
    """

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        """The value as the database stores it."""
        return value if value is None or dialect.name != "sqlite" else stored_text(value)

    def column_expression(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """The plain text: SQLite decompresses it while it runs the statement, outside the event loop.

        `stored_column` is faster for rows that are read many times.
        """
        table: Any = getattr(column, "table", None)
        return column if table is None else _plain(column, table.c.size)


def stored_column(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A column of long texts as it is stored: text, or a zstd frame of it, which `make_plain` decompresses."""
    return sa.type_coerce(column, sa.Text())


class _plain(DialectFunction[str]):  # noqa: N801 - reads as the SQL function that it is
    """A column of long texts, whose sizes are in another column, as plain text."""

    type = sa.Text()
    inherit_cache = True
    # A call of a function for each short text would take longer than reading it.
    sqlite = f"CASE WHEN {{1}} < {LONG} THEN {{0}} ELSE {decompressed_text.__name__}({{0}}) END"
    postgresql = "{0}"
