"""SessionHit, a session in which a search found something, with SessionHitConnection."""

from typing import Annotated

import strawberry

import resolvers.session_search
from schema.connection import AnyPage, Connection, Edge
from schema.field import Info, field
from schema.search import SearchHit
from schema.session import Session


@strawberry.type(description="A session in which something was found.")
class SessionHit:
    @field(Session, "The session.", needs=("session",), is_cacheable=True)
    @staticmethod
    def session(row: strawberry.Parent[resolvers.session_search.SessionHit]) -> object:
        return row.session()

    @field(int, "How many hits it has.", needs=("hit_count",), is_cacheable=True)
    @staticmethod
    def hit_count(row: strawberry.Parent[resolvers.session_search.SessionHit]) -> object:
        return row.hit_count()

    @field(list[SearchHit], "Its best hits.", needs=("hits",), is_cacheable=True)
    @staticmethod
    def hits(
        row: strawberry.Parent[resolvers.session_search.SessionHit],
        info: Info,
        first: Annotated[int, strawberry.argument(description="How many, held within 1 to 10.")] = 3,
    ) -> object:
        return row.hits(info.context, first)


@strawberry.type(description="A session in a page of hits.")
class SessionHitEdge(Edge):
    node: SessionHit = strawberry.field(description="The session and its hits.")


@strawberry.type(description="A page of sessions in which something was found.")
class SessionHitConnection(Connection[SessionHitEdge, SessionHit]):
    @field(int, "How many sessions there are.", is_cacheable=True)
    @staticmethod
    def total_count(row: strawberry.Parent[AnyPage]) -> object:
        return row.total_count()
