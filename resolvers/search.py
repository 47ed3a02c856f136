"""Search: hits, and what of each is shown."""

import asyncio
from functools import cached_property

from resolvers.context import Context
from resolvers.errors import NotFound
from resolvers.paging import held
from resolvers.session import storable_filter
from storage.jsontext import storable_text
from storage.message import MessageRow
from storage.page import Edge, Page
from storage.search.hits import Hit, Search, search_page
from storage.search.parts import searched_text
from storage.search.snippet import Snippet, TextSpan, cut_snippet
from storage.session import SessionFilter, SessionRow

__all__ = ["TextSpan"]

_LONG = 200_000
"""Code points of a message from which on its snippet is cut beside the event loop."""


class SearchHit:
    """A hit; what is shown of it is read when it is asked for, for all hits of a page at once."""

    def __init__(self, context: Context, search: Search, hit: Hit) -> None:
        self._context = context
        self._search = search
        self._hit = hit
        self._snippet: Snippet | None = None

    async def session(self) -> SessionRow:
        """The session that matched. Raises NotFound when it was deleted since."""
        session = await self._context.sessions.load(self._hit.session_id)
        if session is None:
            raise NotFound("A session that matched was deleted a moment ago; search again.")
        return session

    async def message(self) -> MessageRow | None:
        """The message that matched; None when the title did."""
        if self._hit.is_title:
            return None
        return await self._context.messages_at.load((self._hit.session_id, self._hit.position))

    async def score(self) -> float:
        """How well it matches."""
        if self._hit.score is not None:
            return self._hit.score
        return await self._context.scores.load((self._hit.part_id, self._search.clauses))

    async def snippet(self) -> Snippet:
        """The text around the match. Raises Unreadable."""
        shown = await (self.session() if self._hit.is_title else self.message())
        # Two fields show of it, and it is cut once.
        if self._snippet is None:
            texts = _searched(shown)
            if sum(map(len, texts)) > _LONG:
                self._snippet = await asyncio.to_thread(cut_snippet, texts, self._search.clauses)
            else:
                self._snippet = cut_snippet(texts, self._search.clauses)
        return self._snippet


def _searched(shown: SessionRow | MessageRow | None) -> list[str]:
    if isinstance(shown, MessageRow):
        return [text for block in shown.blocks() for text in searched_text(block)]
    return [] if shown is None else [shown.title]


class SearchPage:
    """A page of hits, each ready to show itself."""

    def __init__(self, context: Context, search: Search, page: Page[Hit]) -> None:
        self._page = page
        self._show = {hit: SearchHit(context, search, hit) for hit in page.nodes}
        self.has_next_page = page.has_next_page
        self.has_previous_page = page.has_previous_page
        self.total_count = page.total_count
        self.start_cursor = page.start_cursor
        self.end_cursor = page.end_cursor

    @cached_property
    def nodes(self) -> list[SearchHit]:
        """The hits."""
        return [self._show[hit] for hit in self._page.nodes]

    @property
    def edges(self) -> list[Edge[SearchHit]]:
        """Each hit with its cursor."""
        return [Edge(edge.cursor, self._show[edge.node]) for edge in self._page.edges]


async def search(
    context: Context,
    *,
    query: str,
    first: int,
    after: str | None,
    filter: SessionFilter | None,
    order_by: str,
    scopes: list[str],
) -> SearchPage:
    """Hits of a query. Raises BadUserInput, InvalidQuery and InvalidCursor."""
    asked = Search.of(storable_text(query), storable_filter(filter or SessionFilter()), scopes)
    page = await search_page(context.database, asked, order_by, held(first, "first"), after)
    return SearchPage(context, asked, page)
