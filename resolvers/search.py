"""Search: hits, and what of each is shown."""

import asyncio
from collections.abc import Awaitable
from functools import cached_property

from resolvers.context import Context, Wanted
from resolvers.errors import NotFound
from resolvers.paging import held
from resolvers.session import storable_filter
from storage.jsontext import storable_text
from storage.message import MessageRow
from storage.page import Edge, Page
from storage.search.entries import searched_texts
from storage.search.hits import FoundSession, Hit, Search, search_page
from storage.search.snippet import Snippet, TextSpan, cut_snippet
from storage.session import SessionFilter, SessionRow

__all__ = ["TextSpan"]

_KNOWN = frozenset(FoundSession._fields)
_LONG = 200_000
"""Code points of a message from which on its snippet is cut beside the event loop."""


class SearchHit:
    """A hit; what is shown of it is read when it is asked for, for all hits of a page at once."""

    def __init__(self, context: "_Contexts", search: Search, hit: Hit) -> None:
        self._contexts = context
        self._search = search
        self._hit = hit
        self._snippet: Snippet | None = None

    async def session(self) -> SessionRow | FoundSession:
        """The session that matched. Raises NotFound when it was deleted since."""
        if self._contexts.knows_sessions:
            return self._hit.session
        session = await self._contexts.session.session(self._hit.session_id)
        if session is None:
            raise NotFound("A session that matched was deleted a moment ago; search again.")
        return session

    async def message(self) -> MessageRow | None:
        """The message that matched; None when the title did."""
        if self._hit.is_title:
            return None
        return await self._contexts.message.message_at(self._hit.session_id, self._hit.position)

    def score(self) -> Awaitable[float] | float:
        """How well it matches."""
        if self._hit.score is not None:
            return self._hit.score
        return self._contexts.message.score(self._hit.place, self._search.clauses)

    async def snippet(self) -> Snippet:
        """The text around the match. Raises Unreadable."""
        texts = await self._searched()
        # Two fields show of it, and it is cut once.
        if self._snippet is None:
            if sum(map(len, texts)) > _LONG:
                self._snippet = await asyncio.to_thread(cut_snippet, texts, self._search.clauses)
            else:
                self._snippet = cut_snippet(texts, self._search.clauses)
        return self._snippet

    async def _searched(self) -> list[str]:
        if self._hit.is_title:
            return [(await self.session()).title]
        message = await self.message()
        return [] if message is None else searched_texts(message.blocks())


class _Contexts:
    """How the sessions and the messages of a page's hits are read: once, with all that any field shows of them."""

    def __init__(self, context: Context) -> None:
        self.session = context.wanting(_shown(context, "session", "title"))
        # They need not be read again.
        wanted = self.session.wanted
        self.knows_sessions = wanted is not None and wanted <= _KNOWN
        self.message = context.wanting(_shown(context, "message", "blocks"))


def _shown(context: Context, field: str, cut: str) -> Wanted:
    """What a page's hits show of what `field` gives, with the attribute that snippets are cut from."""
    if context.wanted is None:
        return None
    wanted = context.inner.get(field, frozenset())
    return None if wanted is None else wanted | ({cut} if "snippet" in context.wanted else set())


class SearchPage:
    """A page of hits, each ready to show itself."""

    def __init__(self, context: Context, search: Search, page: Page[Hit]) -> None:
        self._page = page
        contexts = _Contexts(context)
        self._show = {hit: SearchHit(contexts, search, hit) for hit in page.nodes}
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
