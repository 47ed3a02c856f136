"""Turn."""

from resolvers.context import Context
from resolvers.paging import page_request
from storage.page import Page
from storage.thread_item import ThreadItemRow, TurnKey
from storage.turn import TurnRow


async def items(context: Context, row: TurnRow, *, first: int, after: str | None) -> Page[ThreadItemRow]:
    """What happened in the turn. Raises BadUserInput and InvalidCursor."""
    return await context.items.load((TurnKey(row.thread_id, row.position), page_request(first, after)))
