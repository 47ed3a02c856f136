"""Pages of hits.

The segments tell which entries have the words. Sessions are taken newest first, all that have some or, where those are
many, page by page until there are hits enough; only what could still be wrong is looked at in the entries themselves.
"""

import contextlib
import functools
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import astuple, dataclass, field
from datetime import datetime
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from storage.database import Database
from storage.errors import InvalidCursor
from storage.page import Key, Page, Scope
from storage.reading import Reader, Reading
from storage.rows import selected
from storage.search.content import Place, tokens_at
from storage.search.entries import TITLE_POSITION, entry_tokens, numbers_of, positions_of
from storage.search.lists import numbers_table
from storage.search.lookup import Entries, entries_with
from storage.search.query import Clause, read_query
from storage.search.score import holds, score
from storage.session import SessionFilter, conditions, narrowing
from storage.tables import session
from storage.types import Instant

MOST_RANKED = 100
"""The newest hits, which RELEVANCE ranks; older ones follow in order of time."""

MOST_SESSIONS = 2_000
"""Sessions with the words up to which all of them are read at once; of more, the newest first."""

_MOST_READINGS = 64
_DENSE = 2
_FIRST_SESSIONS, _MOST_AT_ONCE = 64, 1024
_MOST_LOOKED_AT = 1_000
# What falls short by a little costs another statement.
_SPARE, _SOME = 1.25, 4

RELEVANCE = "RELEVANCE"
TITLE = "TITLE"
MESSAGE = "MESSAGE"


class FoundSession(NamedTuple):
    """What is known of a session in which something was found."""

    number: int
    id: str
    updated_at: datetime
    title: str


class Hit(NamedTuple):
    """A message that matched, or a session's title: then `position` is TITLE_POSITION."""

    session: FoundSession
    position: int
    score: float | None = None

    @property
    def session_id(self) -> str:
        """The session that it is in."""
        return self.session.id

    @property
    def is_title(self) -> bool:
        """Whether the title matched and not a message."""
        return bool(self.position == TITLE_POSITION)

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.session_id, self.position)


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for, and where."""

    clauses: tuple[Clause, ...]
    narrowed: SessionFilter
    scopes: frozenset[str]

    @classmethod
    def of(cls, query: str, narrowed: SessionFilter, scopes: Sequence[str]) -> "Search":
        """Raises InvalidQuery."""
        return cls(tuple(read_query(query)), narrowed, frozenset(scopes))

    @property
    def finds_nothing(self) -> bool:
        """Whether there is no word or no place to look for."""
        return not self.clauses or not self.scopes

    @property
    def has_phrases(self) -> bool:
        """Whether some words must follow each other."""
        return any(len(clause.tokens) > 1 for clause in self.clauses)


_TIE = -1.0
_KINDS = (float, datetime, str, int)


async def search_page(database: Database, search: Search, order: str, size: int, after: str | None) -> Page[Hit]:
    """A page of hits: best first, or newest first. Raises InvalidCursor and Unavailable."""
    scope = Scope(
        "search", order, [list(clause) for clause in search.clauses], astuple(search.narrowed), sorted(search.scopes)
    )
    since = None if after is None else scope.key(after, _KINDS)
    if since is not None and not 0 <= since[-1] <= TITLE_POSITION:
        raise InvalidCursor("This is not a cursor.")
    hits: list[Hit] = []
    if not search.finds_nothing:
        async with database.snapshot() as reader:
            found = await _Found.of(reader, search)
            hits = await (found.best if order == RELEVANCE else found.newest)(size + 1, since)
    return HitPage(database, search, scope, hits[:size], has_previous=after is not None, has_more=len(hits) > size)


class HitPage(Page[Hit]):
    """A page of hits."""

    def __init__(
        self, database: Database, search: Search, scope: Scope, hits: list[Hit], *, has_previous: bool, has_more: bool
    ) -> None:
        self.nodes = hits
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
        if self._search.finds_nothing:
            return 0
        async with self._database.snapshot() as reader:
            return await (await _Found.of(reader, self._search)).count()


async def scores(database: Database, clauses: Sequence[Clause], places: Sequence[Place]) -> dict[Place, float]:
    """How well what stands at each place matches; of what is gone nothing. Raises Unavailable."""
    tokens = await tokens_at(database, places)
    return {place: _score(place, said, clauses) for place, said in tokens.items()}


def _score(place: Place, tokens: str, clauses: Sequence[Clause]) -> float:
    return score(tokens, clauses, is_title=place.position == TITLE_POSITION)


def _key(hit: Hit) -> Key:
    return (_TIE if hit.score is None else hit.score, hit.session.updated_at, hit.session.id, hit.position)


_sessions = sa.select(*selected(session, FoundSession._fields))


@dataclass(slots=True)
class _Found:
    """Entries that may be hits, and the tokens of those that were looked at."""

    reader: Reader
    search: Search
    entries: Entries
    tokens: dict[Place, str] = field(default_factory=dict)

    @classmethod
    async def of(cls, reader: Reader, search: Search) -> "_Found":
        scopes = search.scopes
        entries = await entries_with(reader, search.clauses, titles=TITLE in scopes, messages=MESSAGE in scopes)
        return cls(reader, search, entries)

    async def best(self, size: int, since: Key | None) -> list[Hit]:
        """The first `size` hits after the one whose key is `since`: the newest ones ranked, then the others."""
        if since is not None and since[0] == _TIE:
            return await self.newest(size, since)
        wanted = max(MOST_RANKED, size)
        found = await self.newest(wanted, None)
        await self._look_at(found[:MOST_RANKED])
        ranked = [
            hit._replace(score=_score(hit.place, self.tokens.get(hit.place, ""), self.search.clauses))
            for hit in found[:MOST_RANKED]
        ]
        hits = sorted(ranked, key=_key, reverse=True) + found[MOST_RANKED:]
        page = [hit for hit in hits if since is None or _key(hit) < since][:size]
        if len(page) < size and len(found) == wanted:
            page += await self.newest(size - len(page), _key(found[-1]))
        return page

    async def newest(self, size: int, since: Key | None) -> list[Hit]:
        """The first `size` hits, newest first, after the one whose key is `since`."""
        hits: list[Hit] = []
        waiting: list[Hit] = []
        looked_at, some = 0, size
        async with contextlib.aclosing(self._candidates(since)) as candidates:
            async for more in candidates:
                waiting += more
                while len(waiting) >= some:
                    hits += await self._hits_among(waiting[:some])
                    if len(hits) >= size:
                        return hits[:size]
                    waiting, looked_at = waiting[some:], looked_at + some
                    some = _next(size - len(hits), len(hits), looked_at)
        while waiting and len(hits) < size:
            hits += await self._hits_among(waiting[:some])
            waiting = waiting[some:]
        return hits[:size]

    async def count(self) -> int:
        """How many hits there are."""
        id_of = {row.number: row.id for row in await self._sessions()}
        runs = np.flatnonzero(np.isin(self.entries.numbers, np.array(list(id_of), np.int64)))
        uncertain = self.entries.ids(runs.tolist()) if self.search.has_phrases else self.entries.titles(runs)
        total = int(self.entries.found[runs].sum()) - len(uncertain)
        places = zip(numbers_of(uncertain).tolist(), positions_of(uncertain).tolist(), strict=True)
        # A title that was changed may be there twice.
        doubtful = list(dict.fromkeys(Place(id_of[number], position) for number, position in places))
        for start in range(0, len(doubtful), _MOST_LOOKED_AT):
            tokens = await tokens_at(self.reader, doubtful[start : start + _MOST_LOOKED_AT])
            total += sum(holds(said, self.search.clauses) for said in tokens.values())
        return total

    async def _sessions(self) -> Sequence[FoundSession]:
        """All sessions that some of the entries belong to, in no order, and others where those are many."""
        archived, values = narrowing(self.search.narrowed)
        numbers = np.unique(self.entries.numbers).tolist()
        if len(numbers) > MOST_SESSIONS:
            return await self.reader.rows(_all(archived, tuple(values), is_sqlite=self.reader.is_sqlite), **values)
        reading = _numbered(archived, tuple(values), is_sqlite=self.reader.is_sqlite)
        rows = await self.reader.rows(reading, **values, numbers=numbers)
        return [row for row in rows if row.number is not None]

    async def _newest_sessions(self, since: Key | None) -> AsyncGenerator[Sequence[FoundSession], None]:
        """Page by page, from the one that `since` lies in."""
        key = None if since is None else since[1:3]
        numbers = np.unique(self.entries.numbers)
        # Sessions are numbered as they come: most of those that are there may have the words.
        are_many = len(numbers) > MOST_SESSIONS or (
            len(numbers) > _FIRST_SESSIONS and _DENSE * len(numbers) > int(numbers[-1])
        )
        if not are_many:
            rows = [row for row in await self._sessions() if key is None or (row.updated_at, row.id) <= key]
            yield sorted(rows, key=lambda row: (row.updated_at, row.id), reverse=True)
            return
        archived, values = narrowing(self.search.narrowed)
        is_inclusive, size = True, _FIRST_SESSIONS
        while True:
            bound = None if key is None else is_inclusive
            reading = _newest(archived, tuple(values), bound, is_sqlite=self.reader.is_sqlite)
            at = {} if key is None else {"updated_at": key[0], "id": key[1]}
            page = await self.reader.rows(reading, **values, **at, size=size)
            yield page
            if len(page) < size:
                return
            key, is_inclusive, size = (page[-1].updated_at, page[-1].id), False, min(2 * size, _MOST_AT_ONCE)

    async def _candidates(self, since: Key | None) -> AsyncGenerator[list[Hit], None]:
        """What may be hits, newest first, session after session."""
        async for rows in self._newest_sessions(since):
            for row in rows:
                positions = positions_of(self.entries.of(row.number))
                if since is not None and row.id == since[2]:
                    positions = positions[positions < since[3]]
                # The title has the first id and the last position; one that was changed may be there twice.
                newest_first = sorted(set(positions.tolist()), reverse=True)
                if newest_first and newest_first[0] == TITLE_POSITION:
                    self.tokens[Place(row.id, TITLE_POSITION)] = entry_tokens([row.title])
                yield [Hit(row, position) for position in newest_first]

    async def _hits_among(self, candidates: Sequence[Hit]) -> list[Hit]:
        doubtful = [hit for hit in candidates if self.search.has_phrases or hit.is_title]
        await self._look_at(doubtful)
        wrong = {hit for hit in doubtful if not holds(self.tokens.get(hit.place, ""), self.search.clauses)}
        return [hit for hit in candidates if hit not in wrong]

    async def _look_at(self, hits: Iterable[Hit]) -> None:
        unknown = [hit.place for hit in hits if hit.place not in self.tokens]
        if unknown:
            self.tokens |= await tokens_at(self.reader, unknown)


def _next(missing: int, found: int, looked_at: int) -> int:
    """How many to look at next, when that many of so many were hits."""
    return min(round(_SPARE * missing * (looked_at + 1) / (found + 1)) + _SOME, _MOST_LOOKED_AT)


@functools.lru_cache(maxsize=_MOST_READINGS)
def _all(archived: str, names: tuple[str, ...], *, is_sqlite: bool) -> Reading[FoundSession]:
    statement = _sessions.where(*conditions(archived, dict.fromkeys(names)))
    return Reading(statement, FoundSession, FoundSession._fields, is_sqlite=is_sqlite)


@functools.lru_cache(maxsize=_MOST_READINGS)
def _numbered(archived: str, names: tuple[str, ...], *, is_sqlite: bool) -> Reading[FoundSession]:
    """Those with given numbers; on SQLite a row of nulls for each that none has."""
    table, number = numbers_table("numbers", is_sqlite=is_sqlite)
    # An outer join, and the order left to Python: SQLite would else look at every session by another index.
    is_one = sa.and_(session.c.number == number, *conditions(archived, dict.fromkeys(names)))
    statement = _sessions.select_from(table.outerjoin(session, is_one))
    return Reading(statement, FoundSession, FoundSession._fields, is_sqlite=is_sqlite)


@functools.lru_cache(maxsize=_MOST_READINGS)
def _newest(
    archived: str, names: tuple[str, ...], is_inclusive: bool | None, *, is_sqlite: bool
) -> Reading[FoundSession]:
    """A page of them, newest first: behind the one with a given `updated_at` and id, or from it on; None for all."""
    statement = _sessions.where(*conditions(archived, dict.fromkeys(names)))
    if is_inclusive is not None:
        order = sa.tuple_(session.c.updated_at, session.c.id)
        bound = sa.tuple_(sa.bindparam("updated_at", type_=Instant()), sa.bindparam("id", type_=session.c.id.type))
        statement = statement.where(order <= bound if is_inclusive else order < bound)
    statement = statement.order_by(session.c.updated_at.desc(), session.c.id.desc())
    statement = statement.limit(sa.bindparam("size", type_=sa.Integer()))
    return Reading(statement, FoundSession, FoundSession._fields, is_sqlite=is_sqlite)
