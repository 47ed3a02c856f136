"""The messages of a batch: those that follow the cursor, and the messages elsewhere that answer their calls."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage.database.tables import message
from storage.database.transaction import Connection
from storage.errors import Unreadable
from storage.records.tool_links import ToolLinks

BATCH_CHARACTERS = 4_000_000


class Messages(NamedTuple):
    """Rows of position, role, extra and content; `elsewhere` maps positions of other messages to their contents."""

    rows: Sequence[Any]
    elsewhere: Mapping[int, str]


def _first_too_many() -> sa.ScalarSelect[int]:
    """Select the first message after `start` with which a batch would exceed BATCH_CHARACTERS."""
    upto = (
        sa.select(message.c.position, sa.func.sum(message.c.size).over(order_by=message.c.position).label("characters"))
        .where(message.c.session_id == sa.bindparam("session_id"))
        .where(message.c.position >= sa.bindparam("start"), message.c.position < sa.bindparam("end"))
        .subquery()
    )
    return (
        sa.select(sa.func.min(upto.c.position))
        .where(upto.c.characters > BATCH_CHARACTERS, upto.c.position > sa.bindparam("start"))
        .scalar_subquery()
    )


_messages = (
    sa.select(message.c.position, message.c.role, message.c.extra, message.c.content)
    .where(message.c.session_id == sa.bindparam("session_id"))
    .where(message.c.position >= sa.bindparam("start"))
    # The limit is computed before any content is read, so that no message is loaded only to be dropped.
    .where(message.c.position < sa.func.coalesce(_first_too_many(), sa.bindparam("end")))
    .order_by(message.c.position)
)
_contents = (
    sa.select(message.c.position, message.c.content)
    .where(message.c.session_id == sa.bindparam("session_id"))
    .where(message.c.position.in_(sa.bindparam("positions", expanding=True)))
)


async def read_messages(connection: Connection, session_id: str, links: ToolLinks, start: int, end: int) -> Messages:
    """Read messages from `start` on and before `end`, at most BATCH_CHARACTERS of them but at least one.

    Raises Unreadable when messages are missing.
    """
    if start >= end:
        return Messages([], {})
    rows = (await connection.execute(_messages, {"session_id": session_id, "start": start, "end": end})).all()
    if not rows or rows[-1].position != start + len(rows) - 1:
        raise Unreadable("Messages of the session are missing.")
    outside = links.answered_from_outside(start, start + len(rows))
    if not outside:
        return Messages(rows, {})
    found = await connection.execute(_contents, {"session_id": session_id, "positions": sorted(outside)})
    elsewhere = {row.position: row.content for row in found}
    if elsewhere.keys() != outside:
        raise Unreadable("Messages of the session are missing.")
    return Messages(rows, elsewhere)
