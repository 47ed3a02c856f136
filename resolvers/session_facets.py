"""Resolvers of SessionFacets: how many sessions have each value."""

from collections.abc import Awaitable, Container

from resolvers.context import Context
from resolvers.paging import clamp_page_size
from resolvers.search import EVERYWHERE
from resolvers.session import storable_filter
from storage.json_codec import storable_text
from storage.records.session import SessionFilter
from storage.records.session_facets import MODELS, SOURCES, WORKSPACES, CountedSessions, Facet
from storage.search.query.hit import Search
from storage.search.query.session_numbers import session_numbers

__all__ = ["CountedSessions"]


async def session_facets(context: Context, filter: SessionFilter | None, query: str | None) -> CountedSessions:
    """The sessions to count in. Raises BadUserInput and InvalidQuery."""
    chosen = storable_filter(filter)
    if query is None:
        return CountedSessions(chosen)
    search = Search.parse(storable_text(query), chosen, EVERYWHERE)
    return CountedSessions(chosen, await session_numbers(context.database, search))


def total_count(context: Context, row: CountedSessions) -> Awaitable[int]:
    """How many they are."""
    return row.total(context.database)


async def sources(context: Context, row: CountedSessions, *, known: Container[str]) -> list[Facet]:
    """By agent, of those that are known: a newer version may have stored sessions of others."""
    return [facet for facet in await row.facets(context.database, SOURCES, None) if facet.value in known]


def models(context: Context, row: CountedSessions, *, first: int) -> Awaitable[list[Facet]]:
    """By model. Raises BadUserInput."""
    return row.facets(context.database, MODELS, clamp_page_size(first, "first"))


def workspaces(context: Context, row: CountedSessions, *, first: int) -> Awaitable[list[Facet]]:
    """By directory. Raises BadUserInput."""
    return row.facets(context.database, WORKSPACES, clamp_page_size(first, "first"))


def tags(context: Context, row: CountedSessions, *, first: int) -> Awaitable[list[Facet]]:
    """By tag. Raises BadUserInput."""
    return row.tags(context.database, clamp_page_size(first, "first"))
