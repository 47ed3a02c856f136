"""What entries say, read again for those that are looked at: to find phrases in them and to score them."""

import asyncio
import functools
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage.content_block import read_blocks
from storage.jsontext import load
from storage.positions import places
from storage.reading import Reader, Reading
from storage.rows import selected
from storage.search.entries import TITLE_POSITION, entry_tokens, searched_texts
from storage.tables import message, session
from storage.types import is_any_of

_LONG = 1_000_000
"""Characters of messages from which on they are read beside the event loop."""


class Place(NamedTuple):
    """A message by its position, or a session's title at TITLE_POSITION."""

    session_id: str
    position: int


async def tokens_at(reader: Reader, at: Sequence[Place]) -> dict[Place, str]:
    """The tokens of what is at each place; of what is not there or cannot be understood none. Raises Unavailable."""
    tokens: dict[Place, str] = {}
    messages = [place for place in at if place.position != TITLE_POSITION]
    if messages:
        rows = await reader.rows(
            _contents(is_sqlite=reader.is_sqlite),
            owner=[place.session_id for place in messages],
            position=[place.position for place in messages],
        )
        if sum(len(row.content) for row in rows) > _LONG:
            tokens = await asyncio.to_thread(_tokens, rows)
        else:
            tokens = _tokens(rows)
    titles = [place.session_id for place in at if place.position == TITLE_POSITION]
    if titles:
        for id, title in await reader.rows(_titles(is_sqlite=reader.is_sqlite), ids=titles):
            tokens[Place(id, TITLE_POSITION)] = entry_tokens([title])
    return tokens


class _Content(NamedTuple):
    session_id: str
    position: int
    content: str


@functools.lru_cache
def _contents(*, is_sqlite: bool) -> Reading[_Content]:
    given = places("position", is_sqlite=is_sqlite)
    is_its = sa.and_(message.c.session_id == given.owner, message.c.position == given.numbers[0])
    statement = sa.select(*selected(message, _Content._fields)).join_from(given.source, message, is_its)
    return Reading(statement, _Content, _Content._fields, is_sqlite=is_sqlite)


@functools.lru_cache
def _titles(*, is_sqlite: bool) -> Reading[tuple[str, str]]:
    statement = sa.select(session.c.id, session.c.title).where(is_any_of(session.c.id, "ids"))
    return Reading(statement, tuple, (), is_sqlite=is_sqlite)


def _tokens(rows: Iterable[Any]) -> dict[Place, str]:
    return {Place(row.session_id, row.position): entry_tokens(message_texts(row.content)) for row in rows}


def message_texts(content: str) -> list[str]:
    """The searched texts of a message by its stored content; none when it cannot be understood."""
    try:
        return searched_texts(read_blocks(load(content)))
    except ValueError:
        return []
