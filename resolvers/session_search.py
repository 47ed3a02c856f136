"""Search with one entry for each session: pages of sessions that have hits, and their best hits."""

from collections.abc import Awaitable
from functools import partial

from resolvers.context import Context
from resolvers.errors import NotFound
from resolvers.paging import NodePage, clamp_page_size
from resolvers.search import SearchHit, search_hits
from resolvers.session import storable_filter
from storage.json_codec import storable_text
from storage.records.page import Page, SharedRead
from storage.records.session import SessionRow
from storage.records.session_filter import SessionFilter
from storage.search.query.hit import FoundSession, Search
from storage.search.query.session_finder import RankedSession
from storage.search.query.session_hits import best_hits, found_session_page, hit_counts

MAX_SESSIONS = 100
MAX_HITS = 10

_SESSION_FIELDS = frozenset(FoundSession._fields)


class SessionHit:
    """A session in which something was found. Its counts and hits are read for all sessions of the page at once."""

    def __init__(self, page: "SessionHitPage", row: FoundSession) -> None:
        self._page = page
        self._row = row

    def session(self) -> Awaitable[SessionRow] | FoundSession:
        """The session. Raises NotFound when it was deleted since."""
        wanted = self._page.context.wanted
        return self._row if wanted is not None and wanted <= _SESSION_FIELDS else self._read_session()

    async def _read_session(self) -> SessionRow:
        session = await self._page.context.session(self._row.id)
        if session is None:
            raise NotFound("A session that matched was deleted a moment ago; search again.")
        return session

    async def hit_count(self) -> int:
        """How many hits it has."""
        return await self._page.counts.get(self._row.number) or 0

    async def hits(self, context: Context, first: int) -> list[SearchHit]:
        """Its best hits. Raises BadUserInput."""
        size = min(clamp_page_size(first, "first"), MAX_HITS)
        return await self._page.hits(context, size).get(self._row.number) or []


class SessionHitPage(NodePage[SessionHit]):
    """A page of sessions with hits. `context` is for reading the sessions."""

    def __init__(self, context: Context, search: Search, page: Page[RankedSession]) -> None:
        super().__init__(page)
        wanted = None if context.wanted is None else context.inner.get("session", frozenset())
        self.context = context.wanting(wanted)
        self._search = search
        self._rows = [ranked.session for ranked in page.nodes]
        self.nodes = [SessionHit(self, row) for row in self._rows]
        self.counts = SharedRead(partial(hit_counts, context.database, search, self._rows))
        self._hits: dict[tuple[Context, int], SharedRead[int, list[SearchHit]]] = {}

    def hits(self, context: Context, size: int) -> SharedRead[int, list[SearchHit]]:
        """The best hits of each session by its number, with what one selection of them needs."""
        shared = self._hits.get((context, size))
        if shared is None:
            shared = self._hits[(context, size)] = SharedRead(partial(self._read_hits, context, size))
        return shared

    async def _read_hits(self, context: Context, size: int) -> dict[int, list[SearchHit]]:
        found, texts = await best_hits(context.database, self._search, self._rows)
        best = {number: hits[:size] for number, hits in found.items()}
        shown = iter(await search_hits(context, self._search, [hit for hits in best.values() for hit in hits], texts))
        return {number: [next(shown) for _ in hits] for number, hits in best.items()}


async def search_sessions(
    context: Context,
    *,
    query: str,
    first: int,
    after: str | None,
    filter: SessionFilter | None,
    order_by: str,
    scopes: list[str],
) -> SessionHitPage:
    """A page of sessions with hits. Raises BadUserInput, InvalidQuery and InvalidCursor."""
    parsed = Search.parse(storable_text(query), storable_filter(filter), scopes)
    size = min(clamp_page_size(first, "first"), MAX_SESSIONS)
    return SessionHitPage(context, parsed, await found_session_page(context.database, parsed, order_by, size, after))
