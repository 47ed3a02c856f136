"""Candidates: unverified hits, taken a few at a time in order."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from storage.search.query.hit import FoundSession, Hit
from storage.search.query.session_pages import SessionPages


class Candidates:
    """The candidates of a page of sessions; each Hit is created when it is taken."""

    def __init__(self, rows: Sequence[FoundSession], sessions: list[int], positions: list[int]) -> None:
        self.count = len(sessions)
        self._hits = (Hit(rows[place], position) for place, position in zip(sessions, positions, strict=True))

    def take(self, count: int) -> Iterator[Hit]:
        """The next `count`, or all that are left."""
        self.count -= min(count, self.count)
        return islice(self._hits, count)


class CandidateQueue:
    """The candidates of all pages of sessions, read as they are needed."""

    def __init__(self, pages: SessionPages, of_sessions: Callable[[Sequence[FoundSession]], Candidates]) -> None:
        self._pages = pages
        self._of_sessions = of_sessions
        self._read: deque[Candidates] = deque()

    async def take(self, count: int) -> list[Hit]:
        """The next `count`; fewer only at the end."""
        while sum(page.count for page in self._read) < count:
            rows = await anext(self._pages, None)
            if rows is None:
                break
            self._read.append(self._of_sessions(rows))
        taken: list[Hit] = []
        while self._read and len(taken) < count:
            taken += self._read[0].take(count - len(taken))
            if not self._read[0].count:
                self._read.popleft()
        return taken
