"""How many hits a search has, and in which sessions they are."""

from collections.abc import Collection, Sequence
from sys import getsizeof

import numpy as np

from storage.search.index.entries import Ids
from storage.search.query.hit import FoundSession, Hit
from storage.search.query.hit_finder import HitFinder, batches_to_verify

# Bytes in memory of a number in a list.
_NUMBER_BYTES = 40


class HitTotals:
    """The totals of one search. Its methods raise SnapshotChanged and Unavailable."""

    def __init__(self, finder: HitFinder) -> None:
        self._finder = finder
        self._search = finder.search
        self._matches = finder.matches
        self._sessions = finder.sessions

    async def count_hits(self) -> int:
        """The number of hits."""
        if self._search.has_phrases:
            key = ("count of hits", self._search.clauses, self._search.scopes)
            return await self._sessions.cached_result(
                key, lambda rows: self._finder.count_verified(self._distinct_hits(rows)), getsizeof
            )
        total = self._matches.count_certain(await self._sessions.filtered())
        retitled = self._matches.retitled
        rows = await self._sessions_of(retitled) if retitled else []
        return total + await self._finder.count_verified(hit for hit in self._distinct_hits(rows) if hit.is_title)

    async def count_sessions(self) -> int:
        """The number of sessions with a hit."""
        certain = self._certain_numbers
        if not len(certain):
            return len(await self._verified_numbers())
        passing = np.intersect1d(certain, await self._sessions.filtered(), assume_unique=True)
        are_decided = len(certain) == len(self._matches.numbers)
        return len(passing) + (0 if are_decided else len(await self._verified_numbers()))

    async def session_numbers(self) -> list[int]:
        """The numbers of the sessions with a hit, and perhaps of ones that do not pass the filter."""
        return [*self._certain_numbers.tolist(), *await self._verified_numbers()]

    @property
    def _certain_numbers(self) -> Ids:
        """The numbers of the sessions with a hit that needs no verification."""
        return self._matches.numbers[:0] if self._search.has_phrases else self._matches.certain_numbers

    async def _verified_numbers(self) -> list[int]:
        """The numbers of the other sessions that pass the filter and have a hit, which is verified."""
        if self._search.has_phrases:
            key = ("numbers of sessions", self._search.clauses, self._search.scopes)
            return await self._sessions.cached_result(
                key, self._numbers_with_hits, lambda numbers: _NUMBER_BYTES * len(numbers)
            )
        unknown = np.setdiff1d(self._matches.numbers, self._certain_numbers, assume_unique=True)
        return await self._numbers_with_hits(await self._sessions_of(frozenset(unknown.tolist())))

    async def _numbers_with_hits(self, rows: Sequence[FoundSession]) -> list[int]:
        """The numbers of those sessions that have a hit."""
        # One hit decides on a session, so that each round verifies more of those that are left.
        waiting: dict[int, list[Hit]] = {}
        for hit in reversed(self._distinct_hits(rows)):
            waiting.setdefault(hit.session.number, []).append(hit)
        found: list[int] = []
        share = 1
        while waiting:
            taken = {number: [hits.pop() for _ in range(min(share, len(hits)))] for number, hits in waiting.items()}
            verified: set[int] = set()
            for batch in batches_to_verify(hit for hits in taken.values() for hit in hits):
                verified.update(hit.session.number for hit in await self._finder.verify(batch))
                self._finder.texts.clear()
            found += verified
            waiting = {number: hits for number, hits in waiting.items() if hits and number not in verified}
            share *= 2
        return found

    async def _sessions_of(self, numbers: Collection[int]) -> list[FoundSession]:
        """The sessions with these numbers that pass the filter."""
        rows = await self._sessions.of(np.array(list(numbers), np.int64)).all()
        return [row for row in rows if row.number in numbers]

    def _distinct_hits(self, rows: Sequence[FoundSession]) -> list[Hit]:
        """The unverified hits of sessions."""
        sessions, positions = self._matches.newest_first([row.number for row in rows])
        return [
            Hit(rows[place], position) for place, position in zip(sessions.tolist(), positions.tolist(), strict=True)
        ]
