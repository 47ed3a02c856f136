"""Reads of sessions from the indexes that hold all columns of filters: reading the rows takes several times as long."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement, UnaryExpression
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.sql.visitors import replacement_traverse

from storage.database.tables.session import HAS_SHORT_TEXTS, IS_NO_SUBAGENT, session
from storage.records.session_filter import conditions

TIMES = ("created_at", "updated_at", "saved_at")
"""The columns of filters that have indexes of their own."""


def indexed_sessions(
    columns: Sequence[ColumnElement[Any]], is_wanted: Sequence[ColumnElement[bool]], *, is_sqlite: bool
) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    """These columns, all of which are in the index `session_facets`, of the sessions that meet conditions."""
    found: sa.Select[Any] = sa.select(*columns).select_from(session)
    if is_sqlite:
        return found.where(*map(_without_other_indexes, is_wanted))
    found = found.where(*is_wanted)
    # PostgreSQL reads the few sessions with long texts from another index.
    return sa.union_all(*(found.where(half) for half in (HAS_SHORT_TEXTS, sa.not_(HAS_SHORT_TEXTS))))


def select_numbers(archived: str, names: Sequence[str], *, is_sqlite: bool) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    """The numbers of the sessions that pass a filter, given as for `session_filter.conditions`."""
    number, is_wanted = session.c.number, conditions(archived, dict.fromkeys(names))
    # Another index has the numbers of the sessions that lists show by default.
    return indexed_sessions([number], is_wanted, is_sqlite=is_sqlite) if names else sa.select(number).where(*is_wanted)


def _without_other_indexes(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition in a form for which SQLite uses neither the indexes of times nor those for what lists show.

    It would look up the row of each entry of these, even when most sessions meet the condition.
    """

    def replace(element: Any, **_: Any) -> Any:
        if element is IS_NO_SUBAGENT:
            return sa.literal_column("+kind <> 'SUBAGENT'")
        if isinstance(element, sa.Column) and element.name in TIMES:
            return UnaryExpression(element, operator=custom_op("+"), type_=element.type)
        return None

    changed: ColumnElement[bool] = replacement_traverse(condition, {}, replace)
    return changed
