"""What may be hits, taken in order, a few at a time."""

from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from itertools import islice

from storage.search.query.hit import FoundSession, Hit


class Candidates:
    """What may be hits in some sessions, in order; each is made when it is taken."""

    def __init__(self, rows: Sequence[FoundSession], sessions: list[int], positions: list[int]) -> None:
        self.count = len(sessions)
        self._hits = (Hit(rows[place], position) for place, position in zip(sessions, positions, strict=True))

    def take(self, count: int) -> Iterator[Hit]:
        """The next ones."""
        self.count -= min(count, self.count)
        return islice(self._hits, count)


class Waiting:
    """Candidates of many pages, one after another."""

    def __init__(self, pages: AsyncGenerator[Candidates, None]) -> None:
        self._pages = pages
        self._read: deque[Candidates] = deque()

    async def next(self, count: int) -> list[Hit]:
        """So many, fewer only when there are no more."""
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
