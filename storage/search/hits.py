"""Pages of hits.

A query that few parts match is answered from all of them, by the index. For one that many match, messages are walked
from the newest on and the walk stops at the page, so that a common word costs no more than a rare one.
"""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage.database import Database
from storage.errors import InvalidCursor
from storage.page import Key, Page, Scope
from storage.search.match import Matching
from storage.search.parts import TITLE_POSITION, first_id, id_span, message_of, place_of, session_of
from storage.search.query import Clause, read_query
from storage.search.score import scores
from storage.search.walk import Match, Place, older_than, walk
from storage.session import SessionFilter, filter_conditions
from storage.tables import session

MOST_SORTED = 2_000
"""Matching parts up to which all are read at once; for more, messages are walked first."""

MOST_RANKED = 100
"""The newest hits, which RELEVANCE ranks; older ones follow in order of time."""

_MOST_FOUND = 100_000
"""Matching parts beyond which it never is."""

RELEVANCE = "RELEVANCE"
TITLE = "TITLE"
MESSAGE = "MESSAGE"


class Hit(NamedTuple):
    """A message that matched, or a session's title: then `position` is TITLE_POSITION."""

    session_id: str
    position: int
    updated_at: datetime
    part_id: int
    score: float | None = None

    @property
    def is_title(self) -> bool:
        """Whether the title matched and not a message."""
        return bool(self.position == TITLE_POSITION)


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
    if search.finds_nothing:
        hits: list[Hit] = []
    elif order == RELEVANCE:
        hits = await _ranked(database, search, size + 1, since)
    else:
        hits = await newest(database, search, size + 1, since)
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
        return 0 if self._search.finds_nothing else await _count(self._database, self._search)


def _key(hit: Hit) -> Key:
    return (_TIE if hit.score is None else hit.score, hit.updated_at, hit.session_id, hit.position)


async def _ranked(database: Database, search: Search, size: int, since: Key | None) -> list[Hit]:
    if since is not None and since[0] == _TIE:
        return await newest(database, search, size, since)
    wanted = max(MOST_RANKED, size)
    found = await newest(database, search, wanted, None)
    score_of = await scores(database, search.clauses, [hit.part_id for hit in found[:MOST_RANKED]])
    ranked = [hit._replace(score=score_of.get(hit.part_id, 0.0)) for hit in found[:MOST_RANKED]]
    hits = sorted(ranked, key=_key, reverse=True) + found[MOST_RANKED:]
    page = [hit for hit in hits if since is None or _key(hit) < since][:size]
    if len(page) < size and len(found) == wanted:
        page += await newest(database, search, size - len(page), _key(found[-1]))
    return page


async def newest(database: Database, search: Search, size: int, since: Key | None) -> list[Hit]:
    """The first `size` hits, newest first, after the one whose key is `since`. Raises Unavailable."""
    matching = Matching(search.clauses, database.is_sqlite)
    place = None if since is None else Place(*since[1:])
    if matching.is_dear or await matching.are_more_than(database, MOST_SORTED):
        return await _walked(database, search, matching, size, place)
    return await _found(database, search, matching, size, place)


async def _walked(database: Database, search: Search, matching: Matching, size: int, since: Place | None) -> list[Hit]:
    """By looking into messages; by the index after all when they are so far between that it is the faster way."""
    hits: list[Hit] = []
    messages = 0
    within = _span(search.scopes)
    async with contextlib.aclosing(walk(database, matching, search.narrowed, within, since, size)) as batches:
        async for batch in batches:
            hits += _hits_of(batch.matches)
            messages += batch.messages
            if len(hits) >= size:
                break
            ahead = (size - len(hits)) * messages // (len(hits) or 1)
            if ahead > matching.worth_asking:
                affordable = min(round(ahead * matching.parts_a_message), _MOST_FOUND)
                if not await matching.are_more_than(database, affordable, exactly=True):
                    return await _found(database, search, matching, size, since)
    return hits[:size]


async def _found(database: Database, search: Search, matching: Matching, size: int, since: Place | None) -> list[Hit]:
    """By the index."""
    hits: list[Hit] = []
    while True:
        wanted = size - len(hits) + 1
        async with database.read() as connection:
            rows = (await connection.execute(_indexed(search, matching, since).limit(wanted))).all()
        # A message of several parts may match in more than one.
        hits += _hits_of(map(Match._make, rows))
        if len(hits) >= size or len(rows) < wanted:
            return hits[:size]
        since = Place(*_key(hits[-1])[1:])


def _indexed(search: Search, matching: Matching, since: Place | None) -> sa.Select[Any]:
    start, end = _span(search.scopes)
    place = matching.id % id_span(1)[0]
    found = (
        sa.select(session.c.id, session.c.updated_at, matching.id.label("part_id"))
        .join_from(matching.source, session, session.c.number == session_of(matching.id))
        .where(matching.condition, *filter_conditions(search.narrowed))
    )
    if search.scopes != {TITLE, MESSAGE}:
        found = found.where(place >= start, place < end)
    if since is not None:
        found = found.where(
            older_than((since.updated_at, since.session_id), is_inclusive=True),
            sa.or_(session.c.id != since.session_id, place < first_id(0, since.position)),
        )
    # Else the order and the limit seduce PostgreSQL into comparing every session with every part.
    hits = found.cte("found").prefix_with("MATERIALIZED")
    return sa.select(hits).order_by(hits.c.updated_at.desc(), hits.c.id.desc(), hits.c.part_id.desc())


def _hits_of(matches: Iterable[Match]) -> list[Hit]:
    """A hit for each message, by the last part of it that matches; matches of one follow each other."""
    hits: dict[tuple[str, int], Hit] = {}
    for session_id, updated_at, part_id in matches:
        position = place_of(part_id)[1]
        hits.setdefault((session_id, position), Hit(session_id, position, updated_at, part_id))
    return list(hits.values())


def _span(scopes: frozenset[str]) -> tuple[int, int]:
    """Where the parts of these scopes begin and end, counted from a session's first id."""
    title, end = first_id(0, TITLE_POSITION), id_span(0)[1]
    return 0 if MESSAGE in scopes else title, end if TITLE in scopes else title


async def _count(database: Database, search: Search) -> int:
    matching = Matching(search.clauses, database.is_sqlite)
    start, end = _span(search.scopes)
    place = matching.id % id_span(1)[0]
    statement = (
        sa.select(sa.func.count(sa.distinct(message_of(matching.id))))
        .join_from(matching.source, session, session.c.number == session_of(matching.id))
        .where(matching.condition, place >= start, place < end, *filter_conditions(search.narrowed))
    )
    async with database.read() as connection:
        return int((await connection.execute(statement)).scalar_one())
