"""Candidates: unverified hits, taken a few at a time in order."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from storage.search.query.hit import FoundSession, Hit
from storage.search.query.session_pages import SessionPages


class CandidateQueue:
    """The candidates of all pages of sessions, read as they are needed."""

    def __init__(self, pages: SessionPages, of_sessions: Callable[[Sequence[FoundSession]], Iterator[Hit]]) -> None:
        self._pages = pages
        self._of_sessions = of_sessions
        self._left: Iterator[Hit] = iter(())

    async def take(self, count: int) -> list[Hit]:
        """The next `count`; fewer only at the end."""
        taken = list(islice(self._left, count))
        while len(taken) < count and (rows := await anext(self._pages, None)) is not None:
            self._left = self._of_sessions(rows)
            taken += islice(self._left, count - len(taken))
        return taken
