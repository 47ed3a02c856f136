"""Numbers the changes of sessions, so that a reader that remembers the last number that it saw finds every later
change.

A transaction marks what it changes with the number 0: inserts by the default of the columns, updates by their
`onupdate`, so that no statement can forget it. Before the commit `Database.write` replaces the zeros by numbers of the
counter. Its row stays locked until the commit, so a number is never visible before a smaller one, whatever the order
in which transactions begin.
"""

import functools
from datetime import UTC, datetime
from typing import NamedTuple

import sqlalchemy as sa

from storage.database.bus import SESSIONS
from storage.database.compiled_select import CompiledSelect, Reader
from storage.database.tables.change import change_counter, tombstone
from storage.database.tables.session import session
from storage.database.transaction import Transaction
from storage.database.types import Instant

_pending_sessions = sa.select(sa.func.count()).where(session.c.changed_seq == 0)
_pending_tombstones = sa.select(sa.func.count()).where(tombstone.c.seq == 0)
_take_numbers = (
    sa.update(change_counter)
    .values(last=change_counter.c.last + _pending_sessions.scalar_subquery() + _pending_tombstones.scalar_subquery())
    .returning(change_counter.c.last)
)
_last = sa.bindparam("last", type_=sa.BigInteger())
_now = sa.bindparam("now", type_=Instant())


def _descending(*keys: sa.Column[str]) -> sa.ColumnElement[int]:
    """Numbers from `last` downward, in the order of the keys."""
    return (_last + 1 - sa.func.row_number().over(order_by=[key.desc() for key in keys])).label("seq")


_sessions = sa.select(session.c.id, _descending(session.c.id)).where(session.c.changed_seq == 0).subquery("numbered")
_number_sessions = (
    sa.update(session)
    .where(session.c.id == _sessions.c.id)
    .values(
        created_seq=sa.case((session.c.created_seq == 0, _sessions.c.seq), else_=session.c.created_seq),
        changed_seq=_sessions.c.seq,
        # A clock that was put back does not move it back.
        saved_at=sa.case((session.c.saved_at > _now, session.c.saved_at), else_=_now),
    )
)
_tombstones = (
    sa.select(tombstone.c.session_id, tombstone.c.source, _descending(tombstone.c.session_id, tombstone.c.source))
    .where(tombstone.c.seq == 0)
    .subquery("numbered")
)
_number_tombstones = (
    sa.update(tombstone)
    .where(tombstone.c.session_id == _tombstones.c.session_id, tombstone.c.source == _tombstones.c.source)
    .values(seq=_tombstones.c.seq)
)

UNCHANGED = {"changed_seq": session.c.changed_seq, "saved_at": session.c.saved_at}
"""Values for an UPDATE of `session` that changes nothing for clients and is not numbered."""


class ChangeNumbers(NamedTuple):
    """The number of the last change, and the first number after which all changes are known."""

    first: int
    last: int


@functools.lru_cache
def _numbers(*, is_sqlite: bool) -> CompiledSelect[ChangeNumbers]:
    columns = ChangeNumbers._fields
    statement = sa.select(*(change_counter.c[name] for name in columns))
    return CompiledSelect(statement, ChangeNumbers, columns, is_sqlite=is_sqlite)


async def change_numbers(reader: Reader) -> ChangeNumbers:
    """The numbers that changes have. Raises Unavailable."""
    [row] = await reader.read(_numbers(is_sqlite=reader.is_sqlite))
    return row


async def skip_number(transaction: Transaction) -> None:
    """Take a number that no change has, after a repair of what is derived from sessions. Only the commit may follow.

    Responses that were cached before show what was repaired, and are not sent any more.
    """
    await transaction.execute(sa.update(change_counter).values(last=change_counter.c.last + 1))


async def number_changes(transaction: Transaction) -> None:
    """Number what the transaction has changed. Nothing but the commit may follow, since other writers wait for it."""
    last = (await transaction.execute(_take_numbers)).scalar_one()
    numbered = await transaction.execute(_number_sessions, {"last": last, "now": datetime.now(UTC)})
    await transaction.execute(_number_tombstones, {"last": last - numbered.rowcount})
    transaction.notify(SESSIONS)
