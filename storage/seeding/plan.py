"""What a seeder knows of a session before it writes: its messages' sizes, and which results answer which calls."""

from typing import NamedTuple

import sqlalchemy as sa

from storage.database import Transaction
from storage.tables import message, session
from storage.tool_links import ToolLinks

BATCH_CHARACTERS = 4_000_000

_session = sa.select(
    session.c.transcript_version, session.c.transcript_rewrites, session.c.message_count, session.c.item_count
).where(session.c.id == sa.bindparam("session_id"))
_messages = (
    sa.select(message.c.size, message.c.tool_links)
    .where(message.c.session_id == sa.bindparam("session_id"))
    .order_by(message.c.position)
)


class Plan(NamedTuple):
    """A session's transcript as it stood at one version."""

    transcript_version: int
    transcript_rewrites: int
    message_count: int
    item_count: int
    sizes: list[int]
    notes: list[str | None]
    links: ToolLinks

    def batch_end(self, start: int, most: int) -> int:
        """Where a batch from message `start` ends: at most `most` messages, or as many as are not too large."""
        end, characters = start, 0
        while end < min(start + most, len(self.sizes)):
            characters += self.sizes[end]
            if end > start and characters > BATCH_CHARACTERS:
                break
            end += 1
        return end

    def links_before(self, position: int) -> ToolLinks:
        """The pairs that the first messages alone tell."""
        return ToolLinks(enumerate(self.notes[:position]))


async def read_plan(transaction: Transaction, session_id: str) -> Plan | None:
    """None when the session is gone. Good only while the session's version stays what the plan says."""
    found = (await transaction.execute(_session, {"session_id": session_id})).first()
    if found is None:
        return None
    rows = (await transaction.execute(_messages, {"session_id": session_id})).all()
    notes = [row.tool_links for row in rows]
    return Plan(
        found.transcript_version,
        found.transcript_rewrites,
        found.message_count,
        found.item_count,
        [row.size for row in rows],
        notes,
        ToolLinks(enumerate(notes)),
    )
