"""Changes of sessions in the order of their numbers: pages of them, and a stream that continues with each new one.

A session has only the number of its last change, so that several changes of one session may be reported as one. Nothing
is queued in memory, since each consumer reads its next changes from the tables.
"""

import asyncio
import functools
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.visitors import replacement_traverse

from storage.database.bus import SESSIONS
from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.following import FOLLOWER_SECONDS, read_with_retries
from storage.database.list_parameters import is_any_of
from storage.database.tables.change import tombstone
from storage.database.tables.session import IS_NO_SUBAGENT, session
from storage.records.session_filter import SessionFilter, conditions, narrowing

CREATED = "CREATED"
UPDATED = "UPDATED"
DELETED = "DELETED"

PAGE = 100
"""Changes that are read at once."""

_MAX_STATEMENTS = 64


class SessionChangeRow(NamedTuple):
    """A change of a session."""

    seq: int
    session_id: str
    kind: str


class ChangePosition(NamedTuple):
    """How far a consumer has read: all changes up to `seq`.

    `complete_until` is the last number up to which it has seen every session in its newest state; between the two, a
    session that has changed again meanwhile may not have been reported to it.
    """

    seq: int
    complete_until: int


class ChangePage(NamedTuple):
    """Changes in order, and the position after them. The last page is followed by no change yet."""

    changes: Sequence[SessionChangeRow]
    position: ChangePosition
    is_last: bool


class _ChangeRow(NamedTuple):
    seq: int
    session_id: str
    created_seq: int
    is_deleted: int
    is_told: int


async def change_page(database: Database, position: ChangePosition, session_filter: SessionFilter | None) -> ChangePage:
    """The changes after a position. Raises Unavailable.

    With a filter, those of sessions that pass it now, or that may have passed it at the position. That is known from
    the columns with the previous values, unless the session has changed several times since: then it is reported. Of a
    deleted session only the id and the agent remain, so a filter by anything but the agent reports every deletion.
    """
    archived, values = (None, {}) if session_filter is None else narrowing(session_filter)
    select = _changes(archived, tuple(values), is_sqlite=database.is_sqlite)
    rows = await database.read(select, **values, since=position.seq, complete_until=position.complete_until, size=PAGE)
    changes = [
        SessionChangeRow(row.seq, row.session_id, _kind(row, position.complete_until)) for row in rows if row.is_told
    ]
    seq = rows[-1].seq if rows else position.seq
    is_last = len(rows) < PAGE
    return ChangePage(changes, ChangePosition(seq, seq if is_last else position.complete_until), is_last)


def _kind(row: _ChangeRow, complete_until: int) -> str:
    if row.is_deleted:
        return DELETED
    return CREATED if row.created_seq > complete_until else UPDATED


@functools.lru_cache(maxsize=_MAX_STATEMENTS)
def _changes(archived: str | None, names: tuple[str, ...], *, is_sqlite: bool) -> CompiledSelect[_ChangeRow]:
    since = sa.bindparam("since", type_=sa.BigInteger())
    size = sa.bindparam("size", type_=sa.Integer())
    is_told: ColumnElement[bool] = sa.true()
    is_deletion_told: ColumnElement[bool] = sa.true()
    if archived is not None:
        now = sa.and_(sa.true(), *conditions(archived, dict.fromkeys(names)))
        changed_again = session.c.previous_changed_seq > sa.bindparam("complete_until", type_=sa.BigInteger())
        is_told = sa.or_(now, changed_again, _previously(now))
        if "sources" in names:
            is_deletion_told = sa.and_(sa.true(), is_any_of(tombstone.c.source, "sources"))
    changed = (
        sa.select(
            session.c.changed_seq.label("seq"),
            session.c.id.label("session_id"),
            session.c.created_seq,
            sa.literal_column("0", sa.Integer()).label("is_deleted"),
            _as_integer(is_told).label("is_told"),
        )
        .where(session.c.changed_seq > since)
        .order_by(session.c.changed_seq)
        .limit(size)
        .subquery("changed")
    )
    deleted = (
        sa.select(
            tombstone.c.seq,
            tombstone.c.session_id,
            sa.literal_column("0", sa.BigInteger()).label("created_seq"),
            sa.literal_column("1", sa.Integer()).label("is_deleted"),
            _as_integer(is_deletion_told).label("is_told"),
        )
        .where(tombstone.c.seq > since)
        .order_by(tombstone.c.seq)
        .limit(size)
        .subquery("deleted")
    )
    # One statement, since both halves must see the same commits.
    both = sa.union_all(sa.select(changed), sa.select(deleted)).subquery("both")
    statement = sa.select(*(both.c[name] for name in _ChangeRow._fields)).order_by(both.c.seq).limit(size)
    return CompiledSelect(statement, _ChangeRow, _ChangeRow._fields, is_sqlite=is_sqlite)


def _as_integer(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return sa.case((condition, sa.literal_column("1", sa.Integer())), else_=sa.literal_column("0", sa.Integer()))


def _previously(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition on the values before the last change."""

    def replace(element: Any, **_: Any) -> Any:
        if element is IS_NO_SUBAGENT:
            return sa.literal_column("previous_kind <> 'SUBAGENT'")
        if isinstance(element, sa.Column) and element.table is session:
            return session.c[f"previous_{element.name}"]
        return None

    previous: ColumnElement[bool] = replacement_traverse(condition, {}, replace)
    return previous


async def session_changes(
    database: Database, load: Callable[[ChangePosition], Awaitable[ChangePage]], since: int
) -> AsyncGenerator[SessionChangeRow, None]:
    """Yield every change after `since`, then each new one: in order, without an end.

    Waits while the database is unavailable. `load` reads the page after a position; subscribers may share its
    statements.
    """
    position = ChangePosition(since, since)
    with database.bus.subscribed(SESSIONS) as woken:
        while True:
            woken.clear()
            earliest = time.monotonic() + FOLLOWER_SECONDS * database.bus.waiters(SESSIONS)
            page = await read_with_retries(partial(load, position))
            for change in page.changes:
                yield change
            position = page.position
            if page.is_last:
                await woken.wait()
                await asyncio.sleep(max(0.0, earliest - time.monotonic()))
