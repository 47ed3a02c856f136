"""Pages of sessions that have hits, and of the hits of one session."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from storage.database.database import Database
from storage.errors import InvalidCursor
from storage.records.page import Scope
from storage.search.index.entries import TITLE_POSITION
from storage.search.query.entry_texts import Texts
from storage.search.query.hit import FoundSession, Hit, Search
from storage.search.query.hit_finder import HitFinder
from storage.search.query.hit_totals import HitTotals
from storage.search.query.hits import RELEVANCE, FoundPage, HitPage, run_search
from storage.search.query.session_finder import RankedSession, SessionFinder, session_key

T = TypeVar("T")

_SESSION_KEY_TYPES = (float, datetime, str)


async def found_session_page(
    database: Database, search: Search, order: str, size: int, after: str | None
) -> "FoundSessionPage":
    """A page of sessions with hits: best first, or newest first. Raises InvalidCursor and Unavailable."""
    scope = Scope("searchSessions", order, *search.cursor_scope)
    since = None if after is None else scope.key(after, _SESSION_KEY_TYPES)
    found: list[RankedSession] = []
    if not search.is_empty:

        async def find(finder: SessionFinder) -> list[RankedSession]:
            find_sessions = finder.best if order == RELEVANCE else finder.newest
            return await find_sessions(size + 1, since)

        found = await _run(database, search, find)
    return FoundSessionPage(
        database, search, scope, found[:size], has_previous=after is not None, has_more=len(found) > size
    )


async def best_hits(
    database: Database, search: Search, rows: Sequence[FoundSession]
) -> tuple[dict[int, list[Hit]], Texts]:
    """The hits of sessions, the best first, by the sessions' numbers, and the texts that were read.

    Raises Unavailable.
    """

    async def find(finder: HitFinder) -> tuple[dict[int, list[Hit]], Texts]:
        return await SessionFinder(finder).hits_of(rows), finder.texts

    return await run_search(database, search, find)


async def hit_counts(database: Database, search: Search, rows: Sequence[FoundSession]) -> dict[int, int]:
    """How many hits sessions have, by the sessions' numbers. Raises Unavailable."""
    return await _run(database, search, lambda finder: finder.counts_of(rows))


async def transcript_hits(
    database: Database, search: Search, session_id: str, size: int, after: str | None
) -> "TranscriptHitPage":
    """A page of the hits of one session, in the order of its transcript. Raises InvalidCursor and Unavailable."""
    scope = Scope("session search", session_id, *search.cursor_scope)
    since = -1 if after is None else scope.key(after, (int,))[0]
    if not -1 <= since < TITLE_POSITION:
        raise InvalidCursor("The cursor is malformed.")
    hits: list[Hit] = []
    texts: Texts = {}
    if not search.is_empty:

        async def find(finder: HitFinder) -> tuple[list[Hit], Texts]:
            row = await finder.sessions.with_id(session_id)
            return await SessionFinder(finder).in_transcript(row, size + 1, since) if row else [], finder.texts

        hits, texts = await run_search(database, search, find)
    return TranscriptHitPage(
        database,
        search,
        scope,
        hits[:size],
        texts,
        has_previous=after is not None,
        has_more=len(hits) > size,
        session_id=session_id,
    )


async def _run(database: Database, search: Search, find: Callable[[SessionFinder], Awaitable[T]]) -> T:
    return await run_search(database, search, lambda finder: find(SessionFinder(finder)))


class FoundSessionPage(FoundPage[RankedSession]):
    """A page of sessions with hits."""

    def cursor(self, row: RankedSession) -> str:
        return self._scope.cursor(session_key(row))

    async def total_count(self) -> int:
        if self._search.is_empty:
            return 0
        return await run_search(self._database, self._search, lambda finder: HitTotals(finder).count_sessions())


class TranscriptHitPage(HitPage):
    """A page of the hits of one session, in the order of its transcript."""

    def __init__(
        self,
        database: Database,
        search: Search,
        scope: Scope,
        hits: list[Hit],
        texts: Texts,
        *,
        has_previous: bool,
        has_more: bool,
        session_id: str,
    ) -> None:
        super().__init__(database, search, scope, hits, texts, None, has_previous=has_previous, has_more=has_more)
        self._session_id = session_id

    def cursor(self, row: Hit) -> str:
        return self._scope.cursor((row.position,))

    async def total_count(self) -> int:
        async def count(finder: HitFinder) -> int:
            row = await finder.sessions.with_id(self._session_id)
            return (await SessionFinder(finder).counts_of([row]))[row.number] if row else 0

        return 0 if self._search.is_empty else await run_search(self._database, self._search, count)
