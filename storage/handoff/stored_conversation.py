"""Reads the live conversation of a stored session."""

import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.message import message
from storage.database.tables.session import session
from storage.errors import TooLarge, Unreadable
from storage.handoff.conversation import Conversation, SaidMessage, live_messages
from storage.json_codec import load
from storage.records.content_block import CompactionBlock
from storage.records.stored_blocks import message_blocks

_head = sa.select(
    session.c.id,
    session.c.source,
    session.c.title,
    session.c.workspace,
    session.c.created_at,
    session.c.updated_at,
    session.c.git_branch,
).where(session.c.id == sa.bindparam("session_id"))
_size = sa.select(sa.func.coalesce(sa.func.sum(message.c.size), 0)).where(
    message.c.session_id == sa.bindparam("session_id"), message.c.place.is_not(None)
)
_messages = (
    sa.select(
        message.c.position,
        message.c.role,
        message.c.created_at,
        message.c.model,
        message.c.is_injected,
        message.c.content,
    )
    .where(message.c.session_id == sa.bindparam("session_id"), message.c.place.is_not(None))
    .order_by(message.c.place)
)
_left = sa.select(message.c.position).where(
    message.c.session_id == sa.bindparam("session_id"), message.c.place.is_(None), ~message.c.is_injected
)


async def read_conversation(
    database: Database, session_id: str, max_characters: int | None = None
) -> Conversation | None:
    """The conversation of a session; None if it is not stored.

    Raises TooLarge, before any message is read, when they have more than `max_characters`; Unavailable and Unreadable.
    """
    parameters = {"session_id": session_id}
    async with database.snapshot() as connection:
        head = (await connection.execute(_head, parameters)).first()
        if head is None:
            return None
        size = (await connection.execute(_size, parameters)).scalar_one()
        if max_characters is not None and size > max_characters:
            raise TooLarge(f"The conversation has {size:,} characters.")
        rows = (await connection.execute(_messages, parameters)).all()
        left = (await connection.execute(_left, parameters)).scalars().all()
    try:
        said = [SaidMessage(row.role, load(row.content), row.created_at, row.model, row.is_injected) for row in rows]
    except ValueError:
        raise Unreadable("The stored session could not be understood.") from None
    compaction = next((row.position for row, message in zip(rows, said, strict=True) if _has_summary(message)), -1)
    earlier = sum(position < compaction for position in left)
    return Conversation(
        session_id=head.id,
        source=head.source,
        title=head.title,
        workspace=head.workspace,
        created_at=head.created_at,
        updated_at=head.updated_at,
        messages=live_messages(said),
        git_branch=head.git_branch,
        left_messages=len(left) - earlier,
        earlier_messages=earlier,
    )


def _has_summary(message: SaidMessage) -> bool:
    """Whether a message stands for earlier ones. These stay in the conversation where nobody can read their summary."""
    blocks = message_blocks(message.role, message.content)
    return any(isinstance(block, CompactionBlock) and block.summary.strip() for block in blocks)
