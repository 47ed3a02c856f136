"""Resolvers of SessionChange and its subscription."""

from collections.abc import AsyncIterator, Awaitable

from resolvers.context import Context
from resolvers.errors import BadUserInput
from resolvers.session import storable_filter
from storage.database.change_numbers import change_numbers
from storage.records.session import SessionRow
from storage.records.session_change import DELETED, ChangePage, ChangePosition, SessionChangeRow
from storage.records.session_change import session_changes as stored_changes
from storage.records.session_filter import SessionFilter

__all__ = ["SessionChangeRow"]


def session(context: Context, row: SessionChangeRow) -> Awaitable[SessionRow | None] | None:
    """The session as it is now; None when it was deleted."""
    return None if row.kind == DELETED else context.session(row.session_id)


async def session_changes(
    context: Context, since: int | None, session_filter: SessionFilter | None
) -> AsyncIterator[SessionChangeRow]:
    """Every change after `since`, then each new one. Raises BadUserInput before the first."""
    chosen = None if session_filter is None else storable_filter(session_filter)
    first, last = await change_numbers(context.database)
    if since is not None and (since > last or 0 < since < first):
        raise BadUserInput("Not all changes after `since` are known. Was the database restored? Load the list again.")

    def load(position: ChangePosition) -> Awaitable[ChangePage]:
        return context.session_changes(position, chosen)

    return stored_changes(context.database, load, last if since is None else since)
