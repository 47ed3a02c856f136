"""Lists of numbers handed to a statement as one value: its text stays the same whatever their length."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

_BIG = sa.BigInteger()
_BIGS = ARRAY(_BIG)


class Spans(NamedTuple):
    """A table of half-open spans."""

    source: sa.FromClause
    start: ColumnElement[int]
    end: ColumnElement[int]


def spans(values: Sequence[tuple[int, int]], *, is_sqlite: bool) -> Spans:
    """Spans to join with."""
    if is_sqlite:
        table = sa.func.json_each(sa.literal(orjson.dumps(values).decode(), sa.Text())).table_valued("value")
        start, end = (sa.func.json_extract(table.c.value, f"$[{place}]", type_=_BIG) for place in (0, 1))
        return Spans(table, start, end)
    starts, ends = (sa.literal(list(column), _BIGS) for column in zip(*values, strict=True))
    table = sa.func.unnest(starts, ends).table_valued(sa.column("start", _BIG), sa.column("end", _BIG)).render_derived()
    return Spans(table, table.c.start, table.c.end)


def is_among(column: ColumnElement[int], values: Sequence[int], *, is_sqlite: bool) -> ColumnElement[bool]:
    """Whether a column holds one of the values."""
    if is_sqlite:
        table = sa.func.json_each(sa.literal(orjson.dumps(values).decode(), sa.Text())).table_valued("value")
        return column.in_(sa.select(table.c.value))
    return column == sa.func.any(sa.literal(list(values), _BIGS))
