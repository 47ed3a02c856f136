"""The base classes of connections and edges, and PageInfo."""

from typing import Generic, TypeVar

import strawberry

from schema.field import Row, field

NodeT = TypeVar("NodeT")
EdgeT = TypeVar("EdgeT")


@strawberry.type(description="Where a page sits in a connection.")
class PageInfo:
    @field(bool, "Whether more items follow `endCursor`.")
    def has_next_page(self: Row) -> object:
        return self.has_next_page()

    @field(bool, "Whether items precede `startCursor`.")
    def has_previous_page(self: Row) -> object:
        return self.has_previous_page()

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

    @field(PageInfo, "Where the page sits.")
    def page_info(self: Row) -> object:
        return self

    @field(int, "How many items the whole list has.")
    def total_count(self: Row) -> object:
        return self.total_count()
