"""Pages of the sessions that matching entries belong to, newest first."""

from collections.abc import Sequence

from storage.records.page import Key
from storage.search.query.cached_sessions import OrderedSessions
from storage.search.query.found_sessions import FIRST_PAGE, FoundSessions
from storage.search.query.hit import FoundSession

_LAST_PAGE, _GROWTH = 1024, 4


class SessionPages:
    """An asynchronous iterator of pages of sessions, from the key `since` (updated_at, id) on.

    The first page is sized for `size` hits. Raises SnapshotChanged and Unavailable.
    """

    def __init__(self, sessions: FoundSessions, size: int, since: Key | None) -> None:
        self._sessions = sessions
        self._since = since
        self._size = min(FIRST_PAGE, size)
        self._start = 0
        self._last: FoundSession | None = None
        self._ordered: OrderedSessions | None = None
        self._is_done = False

    def __aiter__(self) -> "SessionPages":
        return self

    async def __anext__(self) -> Sequence[FoundSession]:
        if self._is_done or await self._sessions.are_none():
            raise StopAsyncIteration
        size = self._size
        page = await self._read(size)
        self._is_done = len(page) < size
        self._size = min(_GROWTH * size, _LAST_PAGE)
        self._start += len(page)
        self._last = page[-1] if page else None
        return page

    async def _read(self, size: int) -> Sequence[FoundSession]:
        sessions = self._sessions
        if sessions.are_cacheable and sessions.are_most and self._since is None:
            return await sessions.cached_page(self._start, size)
        if sessions.are_cacheable and not sessions.are_most and self._start == 0:
            self._ordered = await sessions.cached_rows(self._since)
        if self._ordered is not None:
            return self._ordered.rows(self._start, size)
        if self._last is None:
            return await sessions.page(self._since, size, is_inclusive=True)
        return await sessions.page((self._last.updated_at, self._last.id), size, is_inclusive=False)
