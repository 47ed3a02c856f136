"""Page requests, from the arguments of connections."""

import functools
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from resolvers.errors import BadUserInput
from storage.records.page import DEFAULT_SIZE, LARGEST_SIZE, Page, PageEdge, PageRequest

__all__ = ["Page"]

Node = TypeVar("Node")


class NodePage(Generic[Node]):
    """A page of storage, with objects that have the fields of the API in place of its rows."""

    nodes: Sequence[Node]

    def __init__(self, page: Page[Any]) -> None:
        self._page = page
        self.has_next_page = page.has_next_page
        self.has_previous_page = page.has_previous_page
        self.total_count = page.total_count

    @property
    def start_cursor(self) -> str | None:
        """Cursor of the first node."""
        return self._page.start_cursor

    @property
    def end_cursor(self) -> str | None:
        """Cursor of the last node."""
        return self._page.end_cursor

    @property
    def edges(self) -> list[PageEdge[Node]]:
        """The nodes with their cursors."""
        cursors = (edge.cursor for edge in self._page.edges)
        return [PageEdge(cursor, node) for cursor, node in zip(cursors, self.nodes, strict=True)]


def clamp_page_size(size: int, name: str) -> int:
    """A page size clamped to 1 to 500. Raises BadUserInput when it is negative."""
    if size < 0:
        raise BadUserInput(f"`{name}` must not be negative.")
    return min(max(size, 1), LARGEST_SIZE)


def page_request(
    first: int | None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    position: int | None = None,
) -> PageRequest:
    """The page that is requested by these arguments. Raises BadUserInput."""
    if after is None and before is None:
        return _first_page_request(first, last, position)
    return _request(first, after, last, before, position)


def _request(
    first: int | None, after: str | None, last: int | None, before: str | None, position: int | None
) -> PageRequest:
    if first is not None and last is not None:
        raise BadUserInput("Give `first` or `last`, not both.")
    if position is not None and position < 0:
        raise BadUserInput("`from` must not be negative.")
    if last is not None:
        return PageRequest(clamp_page_size(last, "last"), True, after, before, position)
    size = DEFAULT_SIZE if first is None else clamp_page_size(first, "first")
    return PageRequest(size, False, after, before, position)


@functools.lru_cache
def _first_page_request(first: int | None, last: int | None, position: int | None) -> PageRequest:
    # A nested connection calls it once for each row of the page above, with the same arguments.
    return _request(first, None, last, None, position)
