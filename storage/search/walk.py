"""Walking messages from the newest on and looking into each: how words are found that so many hold that an index is no
help.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage.database import Database
from storage.search.lists import spans
from storage.search.match import Matching
from storage.search.parts import TITLE_POSITION, first_id, id_span, place_of
from storage.session import SessionFilter, filter_conditions
from storage.tables import search_part, session
from storage.types import Instant

_FIRST_BATCH = 1_000
_SMALLEST_BATCH = 500
_LARGEST_BATCH = 8_000
# Matches from which on their share tells how far it is to the rest.
_TELLING = 4
_LOOKERS = 2
_LEAST_SHARE = 8
# A batch that falls short by a little costs another one.
_SPARE = 1.25
_STRETCH = 1_000


class Place(NamedTuple):
    """Where a hit stands in the order of time."""

    updated_at: datetime
    session_id: str
    position: int


class Match(NamedTuple):
    """A part that matched."""

    session_id: str
    updated_at: datetime
    part_id: int


class Batch(NamedTuple):
    """What a part of the walk gave: the parts that match, newest first, among so many messages."""

    matches: list[Match]
    messages: int


class _Stretch(NamedTuple):
    """Messages of one session that follow each other: at most _STRETCH."""

    session: Any
    start: int
    end: int


_sessions = sa.select(session.c.number, session.c.id, session.c.updated_at, session.c.message_count).order_by(
    session.c.updated_at.desc(), session.c.id.desc()
)


async def walk(
    database: Database,
    matching: Matching,
    narrowed: SessionFilter,
    within: tuple[int, int],
    since: Place | None,
    wanted: int,
) -> AsyncGenerator[Batch, None]:
    """Batch after batch, newest first, behind `since`, in sizes that fit for `wanted` matches. Raises Unavailable.

    `within` are the ids that count, as offsets into those of a session.
    """
    stretches: list[_Stretch] = []
    messages, size = 0, _FIRST_BATCH
    walked = found = 0
    async for row in _newest_sessions(database, narrowed, since):
        before = since.position if since is not None and row.id == since.session_id else None
        for stretch in _stretches(row, within, before):
            stretches.append(stretch)
            messages += min(row.message_count, _STRETCH) + 1
            if messages >= size:
                matches = await _matches(database, matching, stretches)
                yield Batch(matches, messages)
                walked, found = walked + messages, found + len(matches)
                size = _size(size, walked, found, wanted)
                stretches, messages = [], 0
    yield Batch(await _matches(database, matching, stretches), messages)


def _size(last: int, walked: int, found: int, wanted: int) -> int:
    """Messages of the batch after one of `last`, when so many of so many matched."""
    if found < _TELLING:
        return min(2 * last, _LARGEST_BATCH)
    return round(min(max(_SPARE * (wanted - found) * walked / found, _SMALLEST_BATCH), _LARGEST_BATCH))


async def _newest_sessions(
    database: Database, narrowed: SessionFilter, since: Place | None
) -> AsyncGenerator[Any, None]:
    """From the one that `since` lies in."""
    statement = _sessions.where(*filter_conditions(narrowed))
    key: tuple[datetime, str] | None = None if since is None else (since.updated_at, since.session_id)
    is_inclusive, size = True, 32
    while True:
        page = statement.limit(size)
        if key is not None:
            page = page.where(older_than(key, is_inclusive=is_inclusive))
        async with database.read() as connection:
            rows = (await connection.execute(page)).all()
        for row in rows:
            yield row
        if len(rows) < size:
            return
        key, is_inclusive, size = (rows[-1].updated_at, rows[-1].id), False, min(2 * size, 512)


def older_than(key: tuple[datetime, str], *, is_inclusive: bool) -> sa.ColumnElement[bool]:
    """Whether a session comes behind the one with this `updated_at` and id, or is that one."""
    order = sa.tuple_(session.c.updated_at, session.c.id)
    bound = sa.tuple_(sa.literal(key[0], Instant()), sa.literal(key[1], session.c.id.type))
    return order <= bound if is_inclusive else order < bound


def _stretches(row: Any, within: tuple[int, int], before: int | None) -> Iterator[_Stretch]:
    """The latest first; only what stands before the message at position `before`."""
    first, _ = id_span(row.number)
    start, end = first + within[0], first + within[1]
    if before is not None:
        end = min(end, first_id(row.number, before))
    for position in reversed(range(0, max(min(row.message_count, TITLE_POSITION), 1), _STRETCH)):
        cut = max(start, first_id(row.number, position))
        if cut < end:
            yield _Stretch(row, cut, end)
            end = cut


async def _matches(database: Database, matching: Matching, stretches: Sequence[_Stretch]) -> list[Match]:
    shares = _shares(stretches)
    ids = [
        id for found in await asyncio.gather(*(_looked(database, matching, share) for share in shares)) for id in found
    ]
    sessions = {stretch.session.number: stretch.session for stretch in stretches}
    order = {number: -place for place, number in enumerate(sessions)}
    found = sorted(((order[number], id, number) for id in ids for number in (place_of(id)[0],)), reverse=True)
    return [Match(sessions[number].id, sessions[number].updated_at, id) for _, id, number in found]


def _shares(stretches: Sequence[_Stretch]) -> list[Sequence[_Stretch]]:
    """For as many connections at once as are worth their while: either database looks on one core each."""
    count = min(_LOOKERS, max(len(stretches) // _LEAST_SHARE, 1)) if stretches else 0
    return [stretches[place::count] for place in range(count)]


async def _looked(database: Database, matching: Matching, stretches: Sequence[_Stretch]) -> Sequence[int]:
    """The ids of the parts that match."""
    span = spans([(stretch.start, stretch.end) for stretch in stretches], is_sqlite=database.is_sqlite)
    said = sa.select(search_part.c.id).where(
        search_part.c.id >= span.start, search_part.c.id < span.end, matching.is_said
    )
    if database.is_sqlite:
        statement = said.select_from(span.source)
    else:
        # One look at the index for each span; with a plain join PostgreSQL may read the whole table.
        each = said.offset(0).lateral()
        statement = sa.select(each.c.id).select_from(span.source.join(each, sa.true()))
    async with database.read() as connection:
        return (await connection.execute(statement)).scalars().all()
