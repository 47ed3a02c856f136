"""Resolvers of SessionFacets: how many sessions have each value."""

from collections.abc import Awaitable, Container

from resolvers.context import Context
from resolvers.paging import clamp_page_size
from resolvers.search import EVERYWHERE
from resolvers.session import storable_filter
from storage.json_codec import storable_text
from storage.records.session_facets import MODEL, SOURCE, TAGS, WORKSPACE, CountedSessions, Facet
from storage.records.session_filter import SessionFilter
from storage.search.query.hit import Search
from storage.search.query.session_numbers import session_numbers

__all__ = ["MODEL", "SOURCE", "TAGS", "WORKSPACE", "CountedSessions"]


async def session_facets(context: Context, filter: SessionFilter | None, query: str | None) -> CountedSessions:
    """The sessions to count in. Raises BadUserInput and InvalidQuery."""
    chosen = storable_filter(filter)
    numbers = None
    if query is not None:
        search = Search.parse(storable_text(query), chosen, EVERYWHERE)
        numbers = await session_numbers(context.database, search)
    return CountedSessions(context.database, chosen, numbers, context.wanted)


async def sources(row: CountedSessions, *, known: Container[str]) -> list[Facet]:
    """By agent, of those that are known: a newer version may have stored sessions of others."""
    return [facet for facet in await row.facets(SOURCE) if facet.value in known]


def values(row: CountedSessions, name: str, *, first: int) -> Awaitable[list[Facet]]:
    """By model, directory or tag. Raises BadUserInput."""
    return row.facets(name, clamp_page_size(first, "first"))
