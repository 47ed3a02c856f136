"""Sets of whole numbers that are passed to a statement as bytes, which takes a fraction of passing so many numbers.

PostgreSQL is given a bit for each number from 0 on, SQLite a byte.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from storage.database.types import DialectFunction

_MOST_GAPS = 16


def is_dense(numbers: Sequence[int]) -> bool:
    """Whether these are so many of the numbers up to the largest that they are better passed as a set."""
    return bool(numbers) and min(numbers) >= 0 and max(numbers) < _MOST_GAPS * len(numbers)


def number_set(numbers: Sequence[int], *, is_sqlite: bool) -> bytes:
    """The value of the parameter of `is_in_set`."""
    is_in = np.zeros(max(numbers) + 1, np.bool_)
    is_in[np.array(numbers)] = True
    return is_in.tobytes() if is_sqlite else np.packbits(is_in, bitorder="little").tobytes()


class is_in_set(DialectFunction[Any]):  # noqa: N801 - reads as the SQL condition that it is
    """Whether a column of whole numbers, none of which is negative, holds one of the set in the parameter `name`."""

    # Not a Boolean: SQLAlchemy would render `= 1` on SQLite.
    type = sa.types.NullType()
    inherit_cache = True
    sqlite = "(substr({1}, {0} + 1, 1) = x'01')"
    # CASE, since get_bit fails beyond the last bit.
    postgresql = "(CASE WHEN {0} < 8 * length({1}) THEN get_bit({1}, {0}) = 1 ELSE false END)"

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        super().__init__(column, sa.bindparam(name, type_=sa.LargeBinary()))
