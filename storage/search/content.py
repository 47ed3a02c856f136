"""What entries say, read again for those that are looked at: to find phrases in them and to score them."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.content_block import read_blocks
from storage.jsontext import load
from storage.search.entries import TITLE_POSITION, entry_tokens, searched_texts
from storage.search.lists import places_table
from storage.tables import message, session

_LONG = 1_000_000
"""Characters of messages from which on they are read beside the event loop."""


class Place(NamedTuple):
    """A message by its position, or a session's title at TITLE_POSITION."""

    session_id: str
    position: int


async def tokens_at(connection: AsyncConnection, places: Sequence[Place]) -> dict[Place, str]:
    """The tokens of what stands at each place; of what is not there or cannot be understood none."""
    is_sqlite = connection.dialect.name == "sqlite"
    tokens: dict[Place, str] = {}
    messages = [place for place in places if place.position != TITLE_POSITION]
    if messages:
        table = places_table(messages, is_sqlite=is_sqlite)
        statement = sa.select(message.c.session_id, message.c.position, message.c.content).join_from(
            table, message, sa.and_(message.c.session_id == table.c.id, message.c.position == table.c.position)
        )
        rows = (await connection.execute(statement)).all()
        if sum(len(row.content) for row in rows) > _LONG:
            tokens = await asyncio.to_thread(_tokens, rows)
        else:
            tokens = _tokens(rows)
    titles = [place.session_id for place in places if place.position == TITLE_POSITION]
    if titles:
        titled = sa.select(session.c.id, session.c.title).where(session.c.id.in_(titles))
        for id, title in await connection.execute(titled):
            tokens[Place(id, TITLE_POSITION)] = entry_tokens([title])
    return tokens


def _tokens(rows: Iterable[Any]) -> dict[Place, str]:
    return {Place(row.session_id, row.position): entry_tokens(message_texts(row.content)) for row in rows}


def message_texts(content: str) -> list[str]:
    """The searched texts of a message by its stored content; none when it cannot be understood."""
    try:
        return searched_texts(read_blocks(load(content)))
    except ValueError:
        return []
