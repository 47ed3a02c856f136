"""Pages of hits and their cursors."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from storage.database.database import Database
from storage.database.lru_cache import LRUCache
from storage.errors import InvalidCursor
from storage.records.page import Page, Scope
from storage.search.index.entries import TITLE_POSITION
from storage.search.index.segment_snapshot import SnapshotChanged, cached_snapshot, read_snapshot
from storage.search.query.entry_texts import Texts
from storage.search.query.hit import Hit, Search
from storage.search.query.hit_finder import HitFinder, hit_key
from storage.search.query.hit_totals import HitTotals
from storage.search.query.query_cache import QueryCache
from storage.search.query.shown_hits import MessageNeeds, ShownHits

RELEVANCE = "RELEVANCE"

Row = TypeVar("Row")
T = TypeVar("T")

# Writers may replace segments faster than a search runs; then it takes a database snapshot.
_MAX_ATTEMPTS = 3
_KEY_TYPES = (float, datetime, str, int)


async def search_page(
    database: Database, search: Search, order: str, size: int, after: str | None, needs: MessageNeeds | None = None
) -> "HitPage":
    """A page of hits, best first or newest first, with what is needed to show them as far as that is known.

    Raises InvalidCursor and Unavailable.
    """
    scope = Scope("search", order, *search.cursor_scope)
    since = None if after is None else scope.key(after, _KEY_TYPES)
    if since is not None and not 0 <= since[-1] <= TITLE_POSITION:
        raise InvalidCursor("The cursor is malformed.")
    hits: list[Hit] = []
    texts: Texts = {}
    shown: ShownHits | None = None
    if not search.is_empty:

        async def find(finder: HitFinder) -> tuple[list[Hit], Texts, ShownHits | None]:
            find_hits = finder.best if order == RELEVANCE else finder.newest
            found = await find_hits(size + 1, since)
            return found, finder.texts, None if needs is None else await finder.shown(found[:size], needs)

        hits, texts, shown = await run_search(database, search, find)
    page = hits[:size]
    return HitPage(
        database, search, scope, page, texts, shown, has_previous=after is not None, has_more=len(hits) > size
    )


class FoundPage(Page[Row]):
    """A page of what a search finds, read from its first row or after a cursor."""

    def __init__(
        self, database: Database, search: Search, scope: Scope, rows: list[Row], *, has_previous: bool, has_more: bool
    ) -> None:
        self.nodes = rows
        self._database = database
        self._search = search
        self._scope = scope
        self._has_previous = has_previous
        self._has_more = has_more

    async def has_previous_page(self) -> bool:
        # The cursor is that of a row; only a later change can have left nothing before it.
        return self._has_previous

    async def has_next_page(self) -> bool:
        return self._has_more


class HitPage(FoundPage[Hit]):
    """A page of hits, with the texts of those messages that were read to verify or score them, and what was read to
    show them.
    """

    def __init__(
        self,
        database: Database,
        search: Search,
        scope: Scope,
        hits: list[Hit],
        texts: Texts,
        shown: ShownHits | None,
        *,
        has_previous: bool,
        has_more: bool,
    ) -> None:
        super().__init__(database, search, scope, hits, has_previous=has_previous, has_more=has_more)
        self.texts = texts
        self.shown = shown

    def cursor(self, row: Hit) -> str:
        return self._scope.cursor(hit_key(row))

    async def total_count(self) -> int:
        if self._search.is_empty:
            return 0
        return await run_search(self._database, self._search, lambda finder: HitTotals(finder).count_hits())


async def run_search(database: Database, search: Search, find: Callable[[HitFinder], Awaitable[T]]) -> T:
    """Call `find` on one consistent state of segments and sessions. Raises Unavailable.

    Optimistic: it begins with the cached snapshot of the segments and with cached sessions, and begins again if a
    statement finds that they have changed.
    """
    cache = database.cache
    snapshot = cached_snapshot(cache)
    for _ in range(_MAX_ATTEMPTS):
        if snapshot is None:
            snapshot = await read_snapshot(database, cache)
        try:
            results = QueryCache.of_query(cache, search.clauses)
            return await _found(await HitFinder.create(database, cache, snapshot, search, results), find)
        except SnapshotChanged:
            newest = cached_snapshot(cache)
            snapshot = None if newest is None or newest.name == snapshot.name else newest
    async with database.snapshot() as reader:
        # Not the shared cache: its results may be of messages that are newer than this database snapshot.
        results = QueryCache(LRUCache(0), search.clauses)
        snapshot = await read_snapshot(reader, cache)
        return await _found(await HitFinder.create(reader, cache, snapshot, search, results), find)


async def _found(finder: HitFinder, find: Callable[[HitFinder], Awaitable[T]]) -> T:
    found = await find(finder)
    await finder.sessions.confirm()
    return found
