"""Lists of values handed to a statement as one: its text stays the same whatever their length."""

from collections.abc import Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from storage.types import KeyText

_BIGS = ARRAY(sa.BigInteger())
_TEXTS = ARRAY(sa.Text())


def is_among(column: ColumnElement[int], values: Sequence[int], *, is_sqlite: bool) -> ColumnElement[bool]:
    """Whether a column holds one of the values."""
    if is_sqlite:
        table = sa.func.json_each(sa.literal(orjson.dumps(values).decode(), sa.Text())).table_valued("value")
        return column.in_(sa.select(table.c.value))
    return column == sa.func.any(sa.literal(list(values), _BIGS))


def numbers_table(values: Sequence[int], *, is_sqlite: bool) -> sa.TableValuedAlias:
    """A table whose column `value` has the numbers."""
    value = sa.column("value", sa.BigInteger())
    if is_sqlite:
        return sa.func.json_each(sa.literal(orjson.dumps(values).decode(), sa.Text())).table_valued(value)
    return sa.func.unnest(sa.literal(list(values), _BIGS)).table_valued(value).render_derived()


def texts_table(values: Sequence[str], *, is_sqlite: bool) -> sa.TableValuedAlias:
    """A table whose column `value` has the texts."""
    if is_sqlite:
        listed = sa.literal(orjson.dumps(values).decode(), sa.Text())
        return sa.func.json_each(listed).table_valued(sa.column("value", KeyText))
    return sa.func.unnest(sa.literal(list(values), _TEXTS)).table_valued(sa.column("value", KeyText)).render_derived()


def places_table(places: Sequence[tuple[str, int]], *, is_sqlite: bool) -> Any:
    """A table with columns `id` and `position`."""
    id, position = sa.column("id", KeyText), sa.column("position", sa.Integer())
    if is_sqlite:
        listed = orjson.dumps(list(map(tuple, places))).decode()
        table = sa.func.json_each(sa.literal(listed, sa.Text())).table_valued("value")
        parts = (sa.func.json_extract(table.c.value, f"$[{place}]") for place in (0, 1))
        return sa.select(*(part.label(name) for part, name in zip(parts, ("id", "position"), strict=True))).subquery()
    ids, positions = (list(column) for column in zip(*places, strict=True))
    columns = sa.literal(ids, _TEXTS), sa.literal(positions, _BIGS)
    return sa.func.unnest(*columns).table_valued(id, position).render_derived()
