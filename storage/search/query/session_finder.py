"""Finds the sessions that have hits, and the hits of given sessions."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple, TypeVar

from storage.records.page import Key
from storage.search.index.entries import TITLE_POSITION
from storage.search.query.hit import FoundSession, Hit
from storage.search.query.hit_finder import MAX_RANKED, UNRANKED, HitFinder, batches_to_verify
from storage.search.query.session_pages import SessionPages

MAX_RANKED_OF_SESSION = 10
"""The newest hits of a session, of which the best are shown."""

_GROWTH = 4

T = TypeVar("T")


class RankedSession(NamedTuple):
    """A session with hits. `score` is that of its best hit; None if it is not among those that are ranked."""

    session: FoundSession
    score: float | None = None


def session_key(ranked: RankedSession) -> Key:
    """Position of a session in either order, as the key of its cursor."""
    return (UNRANKED if ranked.score is None else ranked.score, ranked.session.updated_at, ranked.session.id)


class SessionFinder:
    """The sessions with hits of one search. Its methods raise SnapshotChanged and Unavailable."""

    def __init__(self, finder: HitFinder) -> None:
        self._finder = finder

    async def best(self, size: int, since: Key | None) -> list[RankedSession]:
        """The first `size` sessions after the key `since`: those of the newest hits ranked, then the rest by time."""
        if since is not None and since[0] == UNRANKED:
            return await self.newest(size, since)
        found = await self._finder.newest(MAX_RANKED, None)
        best: dict[int, RankedSession] = {}
        for hit in sorted(await self._finder.rank(found), key=lambda hit: hit.score or 0.0):
            best[hit.session.number] = RankedSession(hit.session, hit.score)
        ranked = sorted(best.values(), key=session_key, reverse=True)
        page = [one for one in ranked if since is None or session_key(one) < since][:size]
        if len(page) < size and len(found) == MAX_RANKED:
            page += await self.newest(size - len(page), session_key(RankedSession(found[-1].session)))
        return page

    async def newest(self, size: int, since: Key | None) -> list[RankedSession]:
        """The first `size` sessions after the key `since`, newest first."""
        sessions: list[RankedSession] = []
        bound = None if since is None else since[1:3]
        async for page in SessionPages(self._finder.sessions, size, bound):
            rows = [row for row in page if bound is None or (row.updated_at, row.id) < bound]
            sessions += map(RankedSession, await self._with_hits(rows))
            if len(sessions) >= size:
                break
        return sessions[:size]

    async def hits_of(self, rows: Sequence[FoundSession]) -> dict[int, list[Hit]]:
        """The newest hits of each session, the best first, by the session's number."""
        newest = await self._verified(rows, MAX_RANKED_OF_SESSION)
        hits: defaultdict[int, list[Hit]] = defaultdict(list)
        ranked = await self._finder.rank([hit for found in newest.values() for hit in found])
        for hit in sorted(ranked, key=lambda hit: (hit.score or 0.0, hit.position), reverse=True):
            hits[hit.session.number].append(hit)
        return hits

    async def counts_of(self, rows: Sequence[FoundSession]) -> dict[int, int]:
        """The number of hits of each session, by the session's number."""
        counts: dict[int, int] = dict.fromkeys((row.number for row in rows), 0)
        for row, positions in self._candidates(rows).items():
            doubtful = positions
            if not self._finder.search.has_phrases:
                doubtful = [position for position in positions if position == TITLE_POSITION]
                counts[row.number] += len(positions) - len(doubtful)
            counts[row.number] += await self._finder.count_verified(Hit(row, position) for position in doubtful)
        return counts

    async def in_transcript(self, row: FoundSession, size: int, since: int) -> list[Hit]:
        """The first `size` hits of a session after a position, in the order of the transcript."""
        positions = self._candidates([row]).get(row, [])
        behind = (Hit(row, position) for position in reversed(positions) if position > since)
        hits: list[Hit] = []
        while len(hits) < size and (some := list(islice(behind, size))):
            hits += await self._finder.verify(some)
        return hits[:size]

    async def _with_hits(self, rows: Sequence[FoundSession]) -> list[FoundSession]:
        """The sessions among these that have a hit, in their order."""
        found = await self._verified(rows, 1)
        return [row for row in rows if found.get(row.number)]

    async def _verified(self, rows: Sequence[FoundSession], size: int) -> dict[int, list[Hit]]:
        """The newest hits of each session, at least `size` of them if there are so many, by its number."""
        left = self._candidates(rows)
        found: defaultdict[int, list[Hit]] = defaultdict(list)
        count = size
        while left:
            hits = (Hit(row, position) for row, positions in left.items() for position in positions[:count])
            for some in batches_to_verify(hits):
                for hit in await self._finder.verify(some):
                    found[hit.session.number].append(hit)
            left = {
                row: positions[count:]
                for row, positions in left.items()
                if len(positions) > count and len(found[row.number]) < size
            }
            count *= _GROWTH
        return {number: hits[:size] for number, hits in found.items()}

    def _candidates(self, rows: Sequence[FoundSession]) -> dict[FoundSession, list[int]]:
        """The positions of each session's entries, the last first, without sessions that have none."""
        sessions, positions = self._finder.matches.newest_first([row.number for row in rows])
        candidates: defaultdict[FoundSession, list[int]] = defaultdict(list)
        for place, position in zip(sessions.tolist(), positions.tolist(), strict=True):
            candidates[rows[place]].append(position)
        return dict(candidates)
