"""The messages of a batch: those that follow the cursor, and the messages elsewhere that answer their calls."""

import functools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from storage.database.compiled_select import CompiledSelect, Reader
from storage.database.list_parameters import is_any_of
from storage.database.row_types import select_columns
from storage.database.tables.message import message
from storage.errors import Unreadable
from storage.resume.seeding.plan import SeedPlan

BATCH_CHARACTERS = 4_000_000


class SeedMessage(NamedTuple):
    """The columns of a message that its items are made of."""

    place: int
    role: str
    extra: str | None
    content: str


class _Content(NamedTuple):
    place: int
    content: str


class Messages(NamedTuple):
    """Messages of a session; `elsewhere` maps places of others to their contents."""

    rows: Sequence[SeedMessage]
    elsewhere: Mapping[int, str]


# Messages of the newest document between two places. The key has positions, which are ahead of places by one of a range
# of numbers: 0 without earlier windows.
_in_range = sa.and_(
    message.c.session_id == sa.bindparam("session_id"),
    message.c.position >= sa.bindparam("start", type_=sa.Integer()) + sa.bindparam("lowest", type_=sa.Integer()),
    message.c.position < sa.bindparam("end", type_=sa.Integer()) + sa.bindparam("highest", type_=sa.Integer()),
    message.c.place >= sa.bindparam("start"),
    message.c.place < sa.bindparam("end"),
)


def _first_too_many() -> sa.ScalarSelect[int]:
    """Select the place after `start` with whose message a batch would exceed BATCH_CHARACTERS."""
    upto = (
        sa.select(message.c.place, sa.func.sum(message.c.size).over(order_by=message.c.place).label("characters"))
        .where(_in_range)
        .subquery()
    )
    return (
        sa.select(sa.func.min(upto.c.place))
        .where(upto.c.characters > BATCH_CHARACTERS, upto.c.place > sa.bindparam("start"))
        .scalar_subquery()
    )


@functools.lru_cache
def _messages(*, is_sqlite: bool) -> CompiledSelect[SeedMessage]:
    statement = (
        sa.select(*select_columns(message, SeedMessage._fields))
        .where(_in_range)
        # The limit is computed before any content is read, so that no message is loaded only to be dropped.
        .where(message.c.place < sa.func.coalesce(_first_too_many(), sa.bindparam("end")))
        .order_by(message.c.place)
    )
    return CompiledSelect(statement, SeedMessage, SeedMessage._fields, is_sqlite=is_sqlite)


@functools.lru_cache
def _contents(*, is_sqlite: bool) -> CompiledSelect[_Content]:
    statement = (
        sa.select(*select_columns(message, _Content._fields))
        .where(message.c.session_id == sa.bindparam("session_id"))
        .where(is_any_of(message.c.position, "positions"))
    )
    return CompiledSelect(statement, _Content, _Content._fields, is_sqlite=is_sqlite)


async def read_messages(reader: Reader, session_id: str, plan: SeedPlan, start: int, end: int) -> Messages:
    """Read messages from `start` on and before `end`, at most BATCH_CHARACTERS of them but at least one.

    The session may have changed since `plan` was read, or between its messages, in which case it has another version.
    Raises Unreadable when messages are missing.
    """
    if start >= end:
        return Messages([], {})
    rows = await reader.read(
        _messages(is_sqlite=reader.is_sqlite),
        session_id=session_id,
        start=start,
        end=end,
        lowest=plan.lowest_shift,
        highest=plan.highest_shift,
    )
    if not rows or rows[-1].place != start + len(rows) - 1:
        raise Unreadable("Messages of the session are missing.")
    outside = plan.links.answered_from_outside(start, start + len(rows))
    if not outside:
        return Messages(rows, {})
    positions = sorted(plan.positions[place] for place in outside)
    found = await reader.read(_contents(is_sqlite=reader.is_sqlite), session_id=session_id, positions=positions)
    elsewhere = {row.place: row.content for row in found}
    if elsewhere.keys() != outside:
        raise Unreadable("Messages of the session are missing.")
    return Messages(rows, elsewhere)
