"""The statements that read the sessions of a search, each of which also checks the snapshot of the segments."""

import functools
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from storage.database.compiled_select import CompiledSelect
from storage.database.list_parameters import numbers_table
from storage.database.row_types import Columns, select_columns
from storage.database.tables.message import message
from storage.database.tables.session import session
from storage.database.types import Instant, without_index
from storage.records.message import MessageRow
from storage.records.position_range import position_table
from storage.records.session import LAST_CHANGE
from storage.records.session_filter import conditions
from storage.search.index.segment_snapshot import is_current
from storage.search.query.hit import FoundSession

_MAX_STATEMENTS = 64
_sessions = sa.select(*select_columns(session, FoundSession._fields[:-1]), LAST_CHANGE.label("last_change"))


@functools.lru_cache
def confirmation(*, is_sqlite: bool) -> CompiledSelect[tuple[int]]:
    """A row if neither the segments nor the sessions have changed."""
    return CompiledSelect(
        sa.select(LAST_CHANGE).where(*_are_unchanged(is_sqlite=is_sqlite)), tuple, (), is_sqlite=is_sqlite
    )


@functools.lru_cache(maxsize=_MAX_STATEMENTS)
def current_messages(columns: Columns, *, is_sqlite: bool) -> CompiledSelect[MessageRow]:
    """Messages by their places, if neither the segments nor the sessions have changed."""
    keys = position_table("position", is_sqlite=is_sqlite)
    is_wanted = sa.and_(message.c.session_id == keys.owner, message.c.position == keys.numbers[0])
    statement = sa.select(*select_columns(message, columns)).join_from(keys.source, message, is_wanted)
    return CompiledSelect(
        statement.where(*_are_unchanged(is_sqlite=is_sqlite)), MessageRow, columns, is_sqlite=is_sqlite
    )


def _are_unchanged(*, is_sqlite: bool) -> list[ColumnElement[bool]]:
    last_change = sa.bindparam("last_change", type_=sa.BigInteger())
    return [is_current(is_sqlite=is_sqlite), last_change == LAST_CHANGE]


@functools.lru_cache(maxsize=_MAX_STATEMENTS)
def all_sessions(archived: str, names: tuple[str, ...], *, is_sqlite: bool) -> CompiledSelect[FoundSession]:
    """All sessions that pass a filter."""
    statement = _sessions.where(is_current(is_sqlite=is_sqlite), *conditions(archived, dict.fromkeys(names)))
    return CompiledSelect(statement, FoundSession, FoundSession._fields, is_sqlite=is_sqlite)


@functools.lru_cache
def session_with_id(*, is_sqlite: bool) -> CompiledSelect[FoundSession]:
    """The session with an id."""
    is_it = session.c.id == sa.bindparam("id", type_=session.c.id.type)
    statement = _sessions.where(is_current(is_sqlite=is_sqlite), is_it)
    return CompiledSelect(statement, FoundSession, FoundSession._fields, is_sqlite=is_sqlite)


@functools.lru_cache(maxsize=_MAX_STATEMENTS)
def numbered_sessions(archived: str, names: tuple[str, ...], *, is_sqlite: bool) -> CompiledSelect[FoundSession]:
    """The sessions with given numbers that pass a filter, and a row of nulls for each other number."""
    statement = _numbered(*conditions(archived, dict.fromkeys(names)), is_sqlite=is_sqlite)
    return CompiledSelect(statement, FoundSession, FoundSession._fields, is_sqlite=is_sqlite)


def _numbered(*filters: ColumnElement[bool], is_sqlite: bool) -> sa.Select[Any]:
    table, number = numbers_table("numbers", is_sqlite=is_sqlite)
    # An outer join keeps the planner from scanning all sessions by another index.
    joined = table.outerjoin(session, sa.and_(session.c.number == number, without_index(sa.and_(*filters))))
    return _sessions.select_from(joined).where(is_current(is_sqlite=is_sqlite))


@functools.lru_cache(maxsize=_MAX_STATEMENTS)
def newest_sessions(
    archived: str, names: tuple[str, ...], is_inclusive: bool | None, *, are_numbered: bool, is_sqlite: bool
) -> CompiledSelect[FoundSession]:
    """A page of sessions that pass a filter, newest first: after `updated_at` and `id`, from them on, or all.

    If `are_numbered`, only those with given numbers, and a row of nulls for each other number.
    """
    filters = conditions(archived, dict.fromkeys(names))
    if is_inclusive is not None:
        order = sa.tuple_(session.c.updated_at, session.c.id)
        bound = sa.tuple_(sa.bindparam("updated_at", type_=Instant()), sa.bindparam("id", type_=session.c.id.type))
        filters.append(order <= bound if is_inclusive else order < bound)
    latest = session.c.updated_at.desc()
    if are_numbered:
        statement = _numbered(*filters, is_sqlite=is_sqlite).order_by(latest.nulls_last(), session.c.id.desc())
    else:
        statement = _sessions.where(is_current(is_sqlite=is_sqlite), *filters).order_by(latest, session.c.id.desc())
    statement = statement.limit(sa.bindparam("size", type_=sa.Integer()))
    return CompiledSelect(statement, FoundSession, FoundSession._fields, is_sqlite=is_sqlite)
