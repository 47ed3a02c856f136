"""What entries say, read again for those that are looked at: to find phrases in them and to score them."""

import asyncio
import functools
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

import sqlalchemy as sa

from storage.jsontext import load
from storage.message import MessageRow, messages_at
from storage.reading import Reader, Reading
from storage.search.entries import TITLE_POSITION, content_texts
from storage.tables import session
from storage.types import is_any_of

_LONG = 1_000_000
"""Characters from which on texts are read, looked through and scored beside the event loop."""

T = TypeVar("T")


class Place(NamedTuple):
    """A message by its position, or a session's title at TITLE_POSITION."""

    session_id: str
    position: int


async def texts_at(reader: Reader, at: Sequence[Place]) -> dict[Place, list[str]]:
    """The searched texts of what is at each place; of what is not there or cannot be understood none.

    Raises Unavailable.
    """
    texts: dict[Place, list[str]] = {}
    messages = [place for place in at if place.position != TITLE_POSITION]
    if messages:
        rows = await messages_at(reader, messages, frozenset({"content"}))
        texts = await beside(sum(len(row.content) for row in rows.values()), lambda: _texts(rows.values()))
    titles = [place.session_id for place in at if place.position == TITLE_POSITION]
    if titles:
        for id, title in await reader.rows(_titles(is_sqlite=reader.is_sqlite), ids=titles):
            texts[Place(id, TITLE_POSITION)] = [title]
    return texts


async def beside(length: int, work: Callable[[], T], most: int = _LONG) -> T:
    """What work on texts of that length gives, done beside the event loop where they are longer than `most`."""
    return await asyncio.to_thread(work) if length > most else work()


@functools.lru_cache
def _titles(*, is_sqlite: bool) -> Reading[tuple[str, str]]:
    statement = sa.select(session.c.id, session.c.title).where(is_any_of(session.c.id, "ids"))
    return Reading(statement, tuple, (), is_sqlite=is_sqlite)


def _texts(rows: Iterable[MessageRow]) -> dict[Place, list[str]]:
    return {Place(row.session_id, row.position): message_texts(row.content) for row in rows}


def message_texts(content: str) -> list[str]:
    """The searched texts of a message by its stored content; none when it cannot be understood."""
    try:
        return content_texts(load(content))
    except ValueError:
        return []
