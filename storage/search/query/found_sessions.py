"""The sessions that entries belong to, read with what is known of them, by statements that rely on known segments."""

import functools
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from storage.database.array_parameters import numbers_table
from storage.database.compiled_select import CompiledSelect
from storage.database.row_types import select_columns
from storage.database.tables import session
from storage.database.types import Instant
from storage.records.session import conditions
from storage.search.index.segment_snapshot import are_these
from storage.search.query.hit import FoundSession

_MOST_READINGS = 64
_sessions = sa.select(*select_columns(session, FoundSession._fields))


@functools.lru_cache(maxsize=_MOST_READINGS)
def all_sessions(archived: str, names: tuple[str, ...], *, is_sqlite: bool) -> CompiledSelect[FoundSession]:
    """All that meet the conditions with these names."""
    statement = _sessions.where(are_these(is_sqlite=is_sqlite), *conditions(archived, dict.fromkeys(names)))
    return CompiledSelect(statement, FoundSession, FoundSession._fields, is_sqlite=is_sqlite)


@functools.lru_cache(maxsize=_MOST_READINGS)
def numbered_sessions(archived: str, names: tuple[str, ...], *, is_sqlite: bool) -> CompiledSelect[FoundSession]:
    """Those with given numbers, and a row of nulls for each that none has."""
    statement = _numbered(*conditions(archived, dict.fromkeys(names)), is_sqlite=is_sqlite)
    return CompiledSelect(statement, FoundSession, FoundSession._fields, is_sqlite=is_sqlite)


def _numbered(*narrowed: ColumnElement[bool], is_sqlite: bool) -> sa.Select[Any]:
    table, number = numbers_table("numbers", is_sqlite=is_sqlite)
    # An outer join: else all sessions may be looked at, by another index.
    joined = table.outerjoin(session, sa.and_(session.c.number == number, *narrowed))
    return _sessions.select_from(joined).where(are_these(is_sqlite=is_sqlite))


@functools.lru_cache(maxsize=_MOST_READINGS)
def newest_sessions(
    archived: str, names: tuple[str, ...], is_inclusive: bool | None, *, are_numbered: bool, is_sqlite: bool
) -> CompiledSelect[FoundSession]:
    """A page of them, newest first: behind the one with a given `updated_at` and id, or from it on; None for all.

    Of those with given numbers `are_numbered`, and then a row of nulls for each that none has.
    """
    narrowed = conditions(archived, dict.fromkeys(names))
    if is_inclusive is not None:
        order = sa.tuple_(session.c.updated_at, session.c.id)
        bound = sa.tuple_(sa.bindparam("updated_at", type_=Instant()), sa.bindparam("id", type_=session.c.id.type))
        narrowed.append(order <= bound if is_inclusive else order < bound)
    latest = session.c.updated_at.desc()
    if are_numbered:
        statement = _numbered(*narrowed, is_sqlite=is_sqlite).order_by(latest.nulls_last(), session.c.id.desc())
    else:
        statement = _sessions.where(are_these(is_sqlite=is_sqlite), *narrowed).order_by(latest, session.c.id.desc())
    statement = statement.limit(sa.bindparam("size", type_=sa.Integer()))
    return CompiledSelect(statement, FoundSession, FoundSession._fields, is_sqlite=is_sqlite)
