"""SessionFacets, how many sessions have each value, with SourceFacet and TextFacet."""

from typing import Annotated, TypeAlias

import strawberry

import resolvers.session_facets
from schema.field import Info, field
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
    @field(int, "Sessions counted in.")
    @staticmethod
    def total_count(row: strawberry.Parent[resolvers.session_facets.CountedSessions], info: Info) -> object:
        return resolvers.session_facets.total_count(info.context, row)

    @field(list[SourceFacet], "By agent, most first.")
    @staticmethod
    def sources(row: strawberry.Parent[resolvers.session_facets.CountedSessions], info: Info) -> object:
        return resolvers.session_facets.sources(info.context, row, known=SessionSource.__members__)

    @field(list[TextFacet], "By model, most first.")
    @staticmethod
    def models(
        row: strawberry.Parent[resolvers.session_facets.CountedSessions], info: Info, first: Values = 20
    ) -> object:
        return resolvers.session_facets.models(info.context, row, first=first)

    @field(list[TextFacet], "By directory, most first.")
    @staticmethod
    def workspaces(
        row: strawberry.Parent[resolvers.session_facets.CountedSessions], info: Info, first: Values = 20
    ) -> object:
        return resolvers.session_facets.workspaces(info.context, row, first=first)

    @field(list[TextFacet], "By tag, most first.")
    @staticmethod
    def tags(
        row: strawberry.Parent[resolvers.session_facets.CountedSessions], info: Info, first: Values = 20
    ) -> object:
        return resolvers.session_facets.tags(info.context, row, first=first)
