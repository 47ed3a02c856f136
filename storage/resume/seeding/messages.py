"""The messages of a batch: those that follow the cursor, and the messages elsewhere that answer their calls."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage.database.tables import message
from storage.database.transaction import Connection
from storage.errors import Unreadable
from storage.resume.seeding.plan import SeedPlan

BATCH_CHARACTERS = 4_000_000


class Messages(NamedTuple):
    """Rows of place, role, extra and content; `elsewhere` maps places of other messages to their contents."""

    rows: Sequence[Any]
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


_messages = (
    sa.select(message.c.place, message.c.role, message.c.extra, message.c.content)
    .where(_in_range)
    # The limit is computed before any content is read, so that no message is loaded only to be dropped.
    .where(message.c.place < sa.func.coalesce(_first_too_many(), sa.bindparam("end")))
    .order_by(message.c.place)
)
_contents = (
    sa.select(message.c.place, message.c.content)
    .where(message.c.session_id == sa.bindparam("session_id"))
    .where(message.c.position.in_(sa.bindparam("positions", expanding=True)))
)


async def read_messages(connection: Connection, session_id: str, plan: SeedPlan, start: int, end: int) -> Messages:
    """Read messages from `start` on and before `end`, at most BATCH_CHARACTERS of them but at least one.

    Raises Unreadable when messages are missing.
    """
    if start >= end:
        return Messages([], {})
    span = {"session_id": session_id, "start": start, "end": end}
    span |= {"lowest": plan.lowest_shift, "highest": plan.highest_shift}
    rows = (await connection.execute(_messages, span)).all()
    if not rows or rows[-1].place != start + len(rows) - 1:
        raise Unreadable("Messages of the session are missing.")
    outside = plan.links.answered_from_outside(start, start + len(rows))
    if not outside:
        return Messages(rows, {})
    positions = sorted(plan.positions[place] for place in outside)
    found = await connection.execute(_contents, {"session_id": session_id, "positions": positions})
    elsewhere = {row.place: row.content for row in found}
    if elsewhere.keys() != outside:
        raise Unreadable("Messages of the session are missing.")
    return Messages(rows, elsewhere)
