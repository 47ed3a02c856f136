"""SearchHit, a match of a full-text search, with SearchOrder, SearchScope, TextSpan and SearchConnection."""

from enum import Enum

import strawberry

import resolvers.search
from schema.connection import AnyPage, Connection, Edge
from schema.field import field
from schema.lazy import LazySession
from schema.message import Message


@strawberry.enum(description="How to order search hits.")
class SearchOrder(Enum):
    RELEVANCE = strawberry.enum_value("RELEVANCE", description="Best match first.")
    RECENT = strawberry.enum_value(
        "RECENT", description="Newest first: by the session's last activity, then the latest message first."
    )


@strawberry.enum(description="Where a search looks.")
class SearchScope(Enum):
    TITLE = strawberry.enum_value("TITLE", description="In sessions' titles.")
    MESSAGE = strawberry.enum_value(
        "MESSAGE", description="In what messages say: text, thinking, tool calls and their results."
    )


@strawberry.type(description="A half-open span of code points.")
class TextSpan:
    start: int = strawberry.field(description="First code point.")
    end: int = strawberry.field(description="One past the last.")


@strawberry.type(description="Where a search matched.")
class SearchHit:
    id: strawberry.ID = strawberry.field(description="Stable within its session's transcript.")

    @field(LazySession, "The session that matched.", needs=("session",), is_cacheable=True)
    @staticmethod
    def session(row: strawberry.Parent[resolvers.search.SearchHit]) -> object:
        return row.session()

    @field(Message | None, "The message that matched; null when the title did.", needs=("message",), is_cacheable=True)
    @staticmethod
    def message(row: strawberry.Parent[resolvers.search.SearchHit]) -> object:
        return row.message()

    @field(
        int | None,
        "Place in the message of the block that matched best; null when the title matched.",
        needs=("block_position",),
        is_cacheable=True,
    )
    @staticmethod
    def block_position(row: strawberry.Parent[resolvers.search.SearchHit]) -> object:
        return row.block_position()

    @field(float, "Higher is better; comparable within one search only.", needs=("score",), is_cacheable=True)
    @staticmethod
    def score(row: strawberry.Parent[resolvers.search.SearchHit]) -> object:
        return row.score()

    @field(str, "Text around the match, plain.", needs=("snippet",), is_cacheable=True)
    @staticmethod
    def snippet(row: strawberry.Parent[resolvers.search.SearchHit]) -> object:
        return row.snippet()

    @field(list[TextSpan], "Each matched word in `snippet`.", needs=("snippet",), is_cacheable=True)
    @staticmethod
    def highlights(row: strawberry.Parent[resolvers.search.SearchHit]) -> object:
        return row.highlights()


@strawberry.type(description="A hit in a page.")
class SearchEdge(Edge):
    node: SearchHit = strawberry.field(description="The hit.")


@strawberry.type(description="A page of search hits.")
class SearchConnection(Connection[SearchEdge, SearchHit]):
    @field(int, "How many hits there are.", is_cacheable=True)
    @staticmethod
    def total_count(row: strawberry.Parent[AnyPage]) -> object:
        return row.total_count()
