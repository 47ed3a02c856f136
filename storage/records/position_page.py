"""Pages of lists that are numbered from 0 without gaps, many lists at a time."""

import itertools
from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
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
    has_more: bool

    @property
    @abstractmethod
    def scope(self) -> Scope:
        """The list that cursors are valid for. Made when it is needed: not every answer has cursors."""

    def cursor(self, row: Any) -> str:
        return self.scope.cursor((row.position,))

    async def has_previous_page(self) -> bool:
        return self.start > 0

    async def has_next_page(self) -> bool:
        return self.has_more


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
