"""Pages of hits.

The segments tell which entries have the words. Sessions are taken newest first, all that have some or, where those are
many, page by page until there are hits enough; only what could still be wrong is looked at in the entries themselves.
"""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from storage.database.compiled_select import CompiledSelect, Reader
from storage.database.database import Database
from storage.database.lru_cache import LRUCache
from storage.errors import InvalidCursor
from storage.records.page import Key, Page, Scope
from storage.records.session import narrowing
from storage.search.index.entries import TITLE_POSITION
from storage.search.index.segment_snapshot import SegmentSnapshot, SnapshotChanged, known_segments, read_segments
from storage.search.query.candidates import Candidates, Waiting
from storage.search.query.entry_texts import Place, Texts, matching_places, scored, texts_at
from storage.search.query.found_sessions import all_sessions, newest_sessions, numbered_sessions
from storage.search.query.hit import MESSAGE, TITLE, FoundSession, Hit, Search
from storage.search.query.lookup import entries_with
from storage.search.query.matches import Matches
from storage.search.query.query_cache import QueryCache, told

MOST_RANKED = 100
"""The newest hits, which RELEVANCE ranks; older ones follow in order of time."""

MOST_SESSIONS = 2_000
"""Sessions with the words up to which all of them are read at once; of more, the newest first."""

_DENSE = 2
_FIRST_SESSIONS, _MOST_AT_ONCE, _GROWTH = 64, 1024, 4
_MOST_LOOKED_AT = 1_000
# What falls short by a little costs another statement.
_SPARE, _SOME = 1.25, 4
# Other segments each time: there are writers that never rest.
_MOST_TRIES = 3

RELEVANCE = "RELEVANCE"

T = TypeVar("T")

_TIE = -1.0
_KINDS = (float, datetime, str, int)


async def search_page(database: Database, search: Search, order: str, size: int, after: str | None) -> "HitPage":
    """A page of hits: best first, or newest first. Raises InvalidCursor and Unavailable."""
    scope = Scope("search", order, *search.parts)
    since = None if after is None else scope.key(after, _KINDS)
    if since is not None and not 0 <= since[-1] <= TITLE_POSITION:
        raise InvalidCursor("This is not a cursor.")
    hits: list[Hit] = []
    texts: Texts = {}
    if not search.finds_nothing:

        async def look(found: _Found) -> tuple[list[Hit], Texts]:
            way = found.best if order == RELEVANCE else found.newest
            return await way(size + 1, since), found.texts

        hits, texts = await _looked(database, search, look)
    page = hits[:size]
    return HitPage(database, search, scope, page, texts, has_previous=after is not None, has_more=len(hits) > size)


class HitPage(Page[Hit]):
    """A page of hits. `texts` are those of its messages that had to be read."""

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
    ) -> None:
        self.nodes = hits
        self.texts = texts
        self._database = database
        self._search = search
        self._scope = scope
        self._has_previous = has_previous
        self._has_more = has_more

    def cursor(self, row: Hit) -> str:
        return self._scope.cursor(_key(row))

    async def has_previous_page(self) -> bool:
        # The cursor stands on a hit, and only a change since then could have left nothing before it.
        return self._has_previous

    async def has_next_page(self) -> bool:
        return self._has_more

    async def total_count(self) -> int:
        return 0 if self._search.finds_nothing else await _looked(self._database, self._search, _Found.count)


def _key(hit: Hit) -> Key:
    return (_TIE if hit.score is None else hit.score, hit.session.updated_at, hit.session.id, hit.position)


async def _looked(database: Database, search: Search, look: "Callable[[_Found], Awaitable[T]]") -> T:
    """What is found among segments and sessions that belong together. Raises Unavailable.

    Most often the segments are those that were there at the last search, which the statements make sure of.
    """
    kept = database.kept
    known = known_segments(kept)
    for _ in range(_MOST_TRIES):
        if known is None:
            known = await read_segments(database, kept)
        try:
            return await look(await _Found.of(database, kept, known, search, QueryCache.of(kept, search.clauses)))
        except SnapshotChanged:
            read = known_segments(kept)
            known = None if read is None or read.name == known.name else read
    async with database.snapshot() as reader:
        # Others may have read of a message what is newer than what is seen here.
        facts = QueryCache(LRUCache(0), search.clauses)
        return await look(await _Found.of(reader, kept, await read_segments(reader, kept), search, facts))


@dataclass(slots=True)
class _Found:
    """Entries that may be hits, and the texts of those that were looked at. What reads sessions raises Changed."""

    reader: Reader
    kept: LRUCache
    known: SegmentSnapshot
    search: Search
    facts: QueryCache
    matches: Matches
    texts: Texts = field(default_factory=dict)

    @classmethod
    async def of(
        cls, reader: Reader, kept: LRUCache, known: SegmentSnapshot, search: Search, facts: QueryCache
    ) -> "_Found":
        key = (Matches, known.name, search.clauses, search.scopes)
        matches: Matches | None = kept.get(key)
        if matches is None:
            mask = await entries_with(reader, kept, known, search.clauses)
            matches = Matches(known, mask, titles=TITLE in search.scopes, messages=MESSAGE in search.scopes)
            kept.put(key, matches, matches.bytes)
        return cls(reader, kept, known, search, facts, matches)

    async def best(self, size: int, since: Key | None) -> list[Hit]:
        """The first `size` hits after the one whose key is `since`: the newest ones ranked, then the others."""
        if since is not None and since[0] == _TIE:
            return await self.newest(size, since)
        wanted = max(MOST_RANKED, size)
        found = await self.newest(wanted, None)
        ranked = await self._ranked(found[:MOST_RANKED])
        hits = sorted(ranked, key=_key, reverse=True) + found[MOST_RANKED:]
        page = [hit for hit in hits if since is None or _key(hit) < since][:size]
        if len(page) < size and len(found) == wanted:
            page += await self.newest(size - len(page), _key(found[-1]))
        return page

    async def newest(self, size: int, since: Key | None) -> list[Hit]:
        """The first `size` hits, newest first, after the one whose key is `since`."""
        hits: list[Hit] = []
        looked_at, some = 0, size
        async with contextlib.aclosing(self._candidates(size, since)) as pages:
            waiting = Waiting(pages)
            while len(hits) < size and (candidates := await waiting.next(some)):
                hits += await self._hits_among(candidates)
                looked_at += len(candidates)
                some = _next(size - len(hits), len(hits), looked_at)
        return hits[:size]

    async def count(self) -> int:
        """How many hits there are."""
        rows = await self._sessions()
        sessions, positions = self.matches.of([row.number for row in rows])
        # Of a title that was changed both may be there, and one that does not hold the words any more.
        is_doubtful = positions == TITLE_POSITION
        if self.search.has_phrases:
            is_doubtful[:] = True
        doubtful = dict.fromkeys(
            Hit(rows[place], position)
            for place, position in zip(sessions[is_doubtful].tolist(), positions[is_doubtful].tolist(), strict=True)
        )
        total = len(positions) - int(is_doubtful.sum())
        for start in range(0, len(doubtful), _MOST_LOOKED_AT):
            total += len(await self._hits_among(list(islice(doubtful, start, start + _MOST_LOOKED_AT))))
            self.texts.clear()
        return total

    async def _sessions(self) -> Sequence[FoundSession]:
        """All sessions that some of the entries belong to, in no order, and others where those are many."""
        archived, values = narrowing(self.search.narrowed)
        numbers = self.matches.numbers.tolist()
        if len(numbers) > MOST_SESSIONS:
            reading = all_sessions(archived, tuple(values), is_sqlite=self.reader.is_sqlite)
            return await self._rows(reading, **values)
        if not numbers:
            await self._check()
            return []
        reading = numbered_sessions(archived, tuple(values), is_sqlite=self.reader.is_sqlite)
        return [row for row in await self._rows(reading, **values, numbers=numbers) if row.number is not None]

    async def _rows(self, reading: CompiledSelect[FoundSession], **values: Any) -> list[FoundSession]:
        """What a statement finds that relies on the known segments. Raises SnapshotChanged and Unavailable."""
        rows = await self.reader.rows(reading, **values, segments=self.known.name)
        if not rows:
            await self._check()
        return rows

    async def _check(self) -> None:
        """Raises SnapshotChanged unless the segments are those that are known, and Unavailable."""
        if (await read_segments(self.reader, self.kept)).name != self.known.name:
            raise SnapshotChanged

    async def _newest_sessions(self, size: int, since: Key | None) -> AsyncGenerator[Sequence[FoundSession], None]:
        """Page by page, from the one that `since` lies in; the first page of `size` hits or more, if all goes well."""
        numbers = self.matches.numbers
        # Sessions are numbered as they come: most of those that are there may have the words.
        are_many = len(numbers) > MOST_SESSIONS or (
            len(numbers) > _FIRST_SESSIONS and _DENSE * len(numbers) > int(numbers[-1])
        )
        if not len(numbers):
            await self._check()
            return
        archived, values = narrowing(self.search.narrowed)
        names = tuple(values)
        if not are_many:
            values["numbers"] = numbers.tolist()
        key = None if since is None else since[1:3]
        is_inclusive, wanted = True, min(_FIRST_SESSIONS, size)
        while True:
            bound = None if key is None else is_inclusive
            reading = newest_sessions(
                archived, names, bound, are_numbered=not are_many, is_sqlite=self.reader.is_sqlite
            )
            at = {} if key is None else {"updated_at": key[0], "id": key[1]}
            rows = await self._rows(reading, **values, **at, size=wanted)
            page = [row for row in rows if row.number is not None]
            yield page
            if len(page) < wanted:
                return
            key, is_inclusive, wanted = (page[-1].updated_at, page[-1].id), False, min(_GROWTH * wanted, _MOST_AT_ONCE)

    async def _candidates(self, size: int, since: Key | None) -> AsyncGenerator[Candidates, None]:
        """What may be hits, newest first, some sessions at a time."""
        async for rows in self._newest_sessions(size, since):
            sessions, positions = self.matches.newest_first([row.number for row in rows])
            if since is not None:
                ids = [row.id for row in rows]
                place = ids.index(since[2]) if since[2] in ids else -1
                is_after = (sessions != place) | (positions < since[3])
                sessions, positions = sessions[is_after], positions[is_after]
            yield Candidates(rows, sessions.tolist(), positions.tolist())

    async def _hits_among(self, candidates: list[Hit]) -> list[Hit]:
        doubtful = candidates if self.search.has_phrases else [hit for hit in candidates if hit.is_title]
        if not doubtful:
            return candidates
        is_right, unknown = told(self.facts.matches, doubtful)
        texts = await self._texts_of(unknown)
        right = await matching_places(texts, self.search.clauses)
        self.facts.add(self.facts.matches, {hit.entry: hit.place in right for hit in _lasting(unknown, texts)})
        wrong = {hit.entry for hit in unknown if hit.place not in right}
        wrong.update(entry for entry in is_right if not is_right[entry])
        return [hit for hit in candidates if hit.entry not in wrong] if wrong else candidates

    async def _ranked(self, hits: Sequence[Hit]) -> list[Hit]:
        """Each with its score."""
        score_of, unknown = told(self.facts.scores, hits)
        found = await scored(await self._texts_of(unknown), self.search.clauses)
        self.facts.add(self.facts.scores, {hit.entry: found[hit.place] for hit in _lasting(unknown, found)})
        return [hit._replace(score=score_of.get(hit.entry, found.get(hit.place, 0.0))) for hit in hits]

    async def _texts_of(self, hits: Sequence[Hit]) -> Texts:
        """What is said at each; of what is gone nothing."""
        unknown = []
        for hit in hits:
            if hit.is_title:
                self.texts[hit.place] = [hit.session.title]
            elif hit.place not in self.texts:
                unknown.append(hit.place)
        if unknown:
            self.texts |= await texts_at(self.reader, unknown)
        return {hit.place: self.texts[hit.place] for hit in hits if hit.place in self.texts}


def _lasting(hits: Iterable[Hit], found: Container[Place]) -> Iterator[Hit]:
    """Those of which something was found that stays true: titles may change."""
    return (hit for hit in hits if hit.place in found and not hit.is_title)


def _next(missing: int, found: int, looked_at: int) -> int:
    """How many to look at next, when that many of so many were hits."""
    return min(round(_SPARE * missing * (looked_at + 1) / (found + 1)) + _SOME, _MOST_LOOKED_AT)
