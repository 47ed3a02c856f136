"""Long texts: SQLite stores them compressed. PostgreSQL compresses long values itself."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from storage.compression import compress, decompress

LONG = 2_560
"""Characters from which on a text is compressed. Decompressing takes 10 µs or more, several times as long as reading
a short text, and short texts are a small part of what is stored."""
# Higher levels leave as much of most messages.
_COMPRESSION_LEVEL = 1


def stored_text(text: str) -> str | bytes:
    """A text as SQLite stores it: a zstd frame if it is long."""
    return text if len(text) < LONG else compress(text.encode(), _COMPRESSION_LEVEL)


def _plain_text(stored: str | bytes) -> str:
    """The text that is stored; an empty one, which is no JSON, when the frame is damaged."""
    if isinstance(stored, str):
        return stored
    try:
        return decompress(stored).decode()
    except ValueError:
        return ""


def add_functions(create_function: Callable[..., Any]) -> Any:
    """Define what statements call that read long texts, by a SQLite connection's method. Returns its result."""
    return create_function(_plain_text.__name__, 1, _plain_text, deterministic=True)


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
        """The plain text: SQLite decompresses it while it runs the statement, outside the event loop."""
        table: Any = getattr(column, "table", None)
        return column if table is None else _plain(column, table.c.size)


class _plain(FunctionElement[str]):  # noqa: N801 - reads as the SQL function that it is
    """A column of long texts, whose sizes are in another column, as plain text."""

    type = sa.Text()
    inherit_cache = True


@compiles(_plain, "sqlite")
def _sqlite_plain(element: _plain, compiler: Any, **options: Any) -> str:
    text, size = (compiler.process(clause, **options) for clause in element.clauses)
    # A call of a function for each short text would take longer than reading it.
    return f"CASE WHEN {size} < {LONG} THEN {text} ELSE {_plain_text.__name__}({text}) END"


@compiles(_plain, "postgresql")
def _postgresql_plain(element: _plain, compiler: Any, **options: Any) -> str:
    [text, _] = element.clauses
    return str(compiler.process(text, **options))
