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

_RESTORED = "Was the database restored? Load the list again."


def session(context: Context, row: SessionChangeRow) -> Awaitable[SessionRow | None] | None:
    """The session as it is now; None when it was deleted."""
    return None if row.kind == DELETED else context.session(row.session_id)


async def session_changes(
    context: Context, since: int | None, session_filter: SessionFilter | None
) -> AsyncIterator[SessionChangeRow]:
    """Every change after `since`, then each new one. Raises BadUserInput where changes are lost."""
    chosen = None if session_filter is None else storable_filter(session_filter)
    first, last = await change_numbers(context.database)
    if since is not None and (since > last or 0 < since < first):
        raise BadUserInput(f"Not all changes after `since` are known. {_RESTORED}")
    is_started = False

    async def load(position: ChangePosition) -> ChangePage:
        nonlocal is_started
        page = await context.session_changes(position, chosen)
        # Something woke the stream and nothing follows: a standby that lacks the last changes may have taken over.
        if is_started and page.position.seq == position.seq and await context.change_seq() < position.seq:
            raise BadUserInput(f"The database has lost changes that were sent. {_RESTORED}")
        is_started = True
        return page

    return stored_changes(context.database, load, last if since is None else since)
