"""SessionFacets, how many sessions have each value, with SourceFacet and TextFacet."""

from typing import Annotated, TypeAlias

import strawberry

import resolvers.session_facets
from resolvers.session_facets import MODEL, SOURCE, TAGS, WORKSPACE
from schema.field import field
from schema.session_source import SessionSource

Values: TypeAlias = Annotated[int, strawberry.argument(description="How many values.")]


@strawberry.type(description="How many sessions one agent wrote.")
class SourceFacet:
    value: SessionSource = strawberry.field(description="The agent.")
    session_count: int = strawberry.field(description="Its sessions.")


@strawberry.type(description="How many sessions have a value.")
class TextFacet:
    value: str = strawberry.field(description="The value.")
    session_count: int = strawberry.field(description="Sessions that have it.")


@strawberry.type(description="How many sessions have each value.")
class SessionFacets:
    @field(int, "Sessions counted in.", needs=(), is_cacheable=True)
    @staticmethod
    def total_count(row: strawberry.Parent[resolvers.session_facets.CountedSessions]) -> object:
        return row.total()

    @field(list[SourceFacet], "By agent, most first.", needs=(SOURCE,), is_cacheable=True)
    @staticmethod
    def sources(row: strawberry.Parent[resolvers.session_facets.CountedSessions]) -> object:
        return resolvers.session_facets.sources(row, known=SessionSource.__members__)

    @field(list[TextFacet], "By model, most first.", needs=(MODEL,), is_cacheable=True)
    @staticmethod
    def models(row: strawberry.Parent[resolvers.session_facets.CountedSessions], first: Values = 20) -> object:
        return resolvers.session_facets.values(row, MODEL, first=first)

    @field(list[TextFacet], "By directory, most first.", needs=(WORKSPACE,), is_cacheable=True)
    @staticmethod
    def workspaces(row: strawberry.Parent[resolvers.session_facets.CountedSessions], first: Values = 20) -> object:
        return resolvers.session_facets.values(row, WORKSPACE, first=first)

    @field(list[TextFacet], "By tag, most first.", needs=(TAGS,), is_cacheable=True)
    @staticmethod
    def tags(row: strawberry.Parent[resolvers.session_facets.CountedSessions], first: Values = 20) -> object:
        return resolvers.session_facets.values(row, TAGS, first=first)
