"""The base classes of connections and edges, and PageInfo."""

from typing import Any, Generic, TypeAlias, TypeVar

import strawberry

from resolvers.paging import Page
from resolvers.search import SearchPage
from resolvers.session_search import SessionHitPage
from schema.field import field

NodeT = TypeVar("NodeT")
EdgeT = TypeVar("EdgeT")

AnyPage: TypeAlias = Page[Any] | SearchPage | SessionHitPage
"""The rows of connections."""


@strawberry.type(description="Where a page sits in a connection.")
class PageInfo:
    @field(bool, "Whether more items follow `endCursor`.", is_cacheable=True)
    @staticmethod
    def has_next_page(row: strawberry.Parent[AnyPage]) -> object:
        return row.has_next_page()

    @field(bool, "Whether items precede `startCursor`.", is_cacheable=True)
    @staticmethod
    def has_previous_page(row: strawberry.Parent[AnyPage]) -> object:
        return row.has_previous_page()

    start_cursor: str | None = strawberry.field(description="Cursor of the first edge; null when the page is empty.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last edge; null when the page is empty.")


@strawberry.type
class Edge:
    """Base of edges, which add `node`."""

    cursor: str = strawberry.field(description="Opaque place in the list.")


@strawberry.type
class Connection(Generic[EdgeT, NodeT]):
    """Base of connections, whose rows are pages of resolvers."""

    edges: list[EdgeT] = strawberry.field(description="The edges of the page.")
    nodes: list[NodeT] = strawberry.field(description="The nodes of the page, without their cursors.")

    @field(PageInfo, "Where the page sits.", is_cacheable=True)
    @staticmethod
    def page_info(row: strawberry.Parent[AnyPage]) -> object:
        return row

    @field(int, "How many items the whole list has.", is_cacheable=True)
    @staticmethod
    def total_count(row: strawberry.Parent[AnyPage]) -> object:
        return row.total_count()
