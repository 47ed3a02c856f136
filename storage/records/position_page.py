"""Pages of lists that are numbered from 0 without gaps, many lists at a time."""

import itertools
from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any, TypeVar

from storage.database.row_types import Columns
from storage.records.page import Page, Scope

Row = TypeVar("Row")
Owner = TypeVar("Owner", bound=Hashable)


@dataclass(eq=False)
class PositionPage(Page[Row]):
    """The page of a list that begins at position `start`."""

    nodes: list[Row]
    start: int
    create_scope: Callable[[], Scope]
    count: Callable[[], Awaitable[int]]
    has_more: bool

    def cursor(self, row: Any) -> str:
        return self._scope.cursor((row.position,))

    async def has_previous_page(self) -> bool:
        return self.start > 0

    async def has_next_page(self) -> bool:
        return self.has_more

    async def total_count(self) -> int:
        return await self.count()

    @cached_property
    def _scope(self) -> Scope:
        # Only cursors need it, which not every answer has.
        return self.create_scope()


def rows_by_owner(
    rows: Iterable[Any], owners: Iterable[Owner], columns: Columns, owner_of: Callable[[Any], Owner]
) -> dict[Owner, list[Any]]:
    """The rows of each owner in the order of their positions."""
    found: dict[Any, list[Any]] = {owner: [] for owner in owners}
    for owner, group in itertools.groupby(rows, owner_of):
        found[owner] += group
    in_order = itemgetter(columns.index("position"))
    for owned in found.values():
        owned.sort(key=in_order)
    return found
