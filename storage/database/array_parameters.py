"""Lists of values handed to a statement as one: its text stays the same whatever their length."""

from collections.abc import Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from storage.database.types import BigIntegerList, KeyText, TextList

_BIGS = ARRAY(sa.BigInteger())


def is_among(column: ColumnElement[int], values: Sequence[int], *, is_sqlite: bool) -> ColumnElement[bool]:
    """Whether a column holds one of the values."""
    if is_sqlite:
        table = sa.func.json_each(sa.literal(orjson.dumps(values).decode(), sa.Text())).table_valued("value")
        return column.in_(sa.select(table.c.value))
    return column == sa.func.any(sa.literal(list(values), _BIGS))


def numbers_table(name: str, *, is_sqlite: bool) -> tuple[sa.TableValuedAlias, ColumnElement[int]]:
    """A table that has the numbers which a statement is given under a name, and its column."""
    value = sa.column("value", sa.BigInteger())
    return _table(sa.bindparam(name, type_=BigIntegerList()), value, is_sqlite=is_sqlite)


def texts_table(name: str, *, is_sqlite: bool) -> tuple[sa.TableValuedAlias, ColumnElement[str]]:
    """A table that has the texts which a statement is given under a name, and its column."""
    return _table(sa.bindparam(name, type_=TextList()), sa.column("value", KeyText), is_sqlite=is_sqlite)


def _table(
    values: ColumnElement[Any], value: sa.ColumnClause[Any], *, is_sqlite: bool
) -> tuple[sa.TableValuedAlias, ColumnElement[Any]]:
    if is_sqlite:
        table = sa.func.json_each(values).table_valued(value)
    else:
        table = sa.func.unnest(values).table_valued(value).render_derived()
    return table, table.c.value
