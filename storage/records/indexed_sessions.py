"""Sessions as the indexes have them that hold all columns of filters, which takes a fraction of reading the rows."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from storage.database.tables.session import HAS_SHORT_TEXTS


def indexed_sessions(
    columns: Sequence[ColumnElement[Any]], conditions: Sequence[ColumnElement[bool]], *, is_sqlite: bool
) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    """These columns, all of which are in the index `session_facets`, of the sessions that meet conditions."""
    found: sa.Select[Any] = sa.select(*columns).where(*conditions)
    if is_sqlite:
        return found
    # PostgreSQL reads the few sessions with long texts from another index.
    return sa.union_all(*(found.where(half) for half in (HAS_SHORT_TEXTS, sa.not_(HAS_SHORT_TEXTS))))
