"""The stored counts of sessions: one row for each, written in the transaction that writes its messages."""

from collections.abc import Sequence

import sqlalchemy as sa

from storage.database.list_parameters import is_any_of
from storage.database.tables.message import message
from storage.database.tables.session import session, session_statistics
from storage.database.transaction import DatabaseConnection, Transaction
from storage.records.activity import first_and_last
from storage.records.session_counts import NO_STATISTICS, SessionStatistics, count_messages

_COLUMNS = ("session_number", "first_quarter", "last_quarter", "activity", "tools")
_counted = (
    sa.select(message.c.created_at, message.c.usage, message.c.tool_links)
    .where(message.c.session_id == sa.bindparam("session_id"))
    .order_by(message.c.position)
)
_stored = (
    sa.select(session_statistics.c.activity, session_statistics.c.tools)
    .join_from(session, session_statistics, session_statistics.c.session_number == session.c.number)
    .where(session.c.id == sa.bindparam("session_id"))
)


async def insert_statistics(transaction: Transaction, statistics: Sequence[tuple[int, SessionStatistics]]) -> None:
    """Store the counts of sessions that have none, by their numbers. Must not be a transaction's first write."""
    await transaction.insert(
        session_statistics,
        _COLUMNS,
        [(number, *first_and_last(one.activity), *one) for number, one in statistics if one != NO_STATISTICS],
    )


async def replace_statistics(transaction: Transaction, number: int, statistics: SessionStatistics) -> None:
    """Replace the stored counts of a session."""
    await delete_statistics(transaction, [number])
    await insert_statistics(transaction, [(number, statistics)])


async def delete_statistics(transaction: Transaction, numbers: Sequence[int]) -> None:
    """Delete the counts of sessions."""
    await transaction.execute(
        sa.delete(session_statistics).where(is_any_of(session_statistics.c.session_number, "numbers", list(numbers)))
    )


async def recount(connection: DatabaseConnection, session_id: str) -> SessionStatistics:
    """The counts of a session's stored messages."""
    return count_messages((await connection.execute(_counted, {"session_id": session_id})).all())


async def stored_statistics(connection: DatabaseConnection, session_id: str) -> SessionStatistics:
    """The stored counts of a session."""
    row = (await connection.execute(_stored, {"session_id": session_id})).first()
    return NO_STATISTICS if row is None else SessionStatistics(bytes(row.activity), row.tools)
