"""Candidates: unverified hits, taken a few at a time in order."""

from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from itertools import islice

from storage.search.query.hit import FoundSession, Hit


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
    """The candidates of all pages, read as they are needed."""

    def __init__(self, pages: AsyncGenerator[Candidates, None]) -> None:
        self._pages = pages
        self._read: deque[Candidates] = deque()

    async def take(self, count: int) -> list[Hit]:
        """The next `count`; fewer only at the end."""
        while sum(page.count for page in self._read) < count:
            page = await anext(self._pages, None)
            if page is None:
                break
            self._read.append(page)
        taken: list[Hit] = []
        while self._read and len(taken) < count:
            taken += self._read[0].take(count - len(taken))
            if not self._read[0].count:
                self._read.popleft()
        return taken
