"""Resolvers of Turn."""

from collections.abc import Awaitable

from resolvers.context import Context
from resolvers.paging import page_request
from storage.records.page import Page
from storage.records.thread_item import ThreadItemRow
from storage.records.turn import TurnRow

__all__ = ["TurnRow"]


def items(context: Context, row: TurnRow, *, first: int, after: str | None) -> Awaitable[Page[ThreadItemRow]]:
    """The items of the turn. Raises BadUserInput and InvalidCursor."""
    return context.items(row, page_request(first, after))
