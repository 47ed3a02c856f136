"""What entries say, read again for those that are looked at: to find phrases in them and to score them."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

from storage.database.compiled_select import Reader
from storage.json_codec import load
from storage.records.message import MessageRow, messages_at
from storage.records.searched_text import content_texts
from storage.search.index.entries import TITLE_POSITION, entry_tokens
from storage.search.query.clauses import Clause
from storage.search.query.matching import says
from storage.search.query.score import score

_LONG = 1_000_000
"""Characters from which on texts are read, looked through and scored beside the event loop."""

T = TypeVar("T")


class Place(NamedTuple):
    """A message by its position, or a session's title at TITLE_POSITION."""

    session_id: str
    position: int


Texts: TypeAlias = dict[Place, list[str]]


async def texts_at(reader: Reader, at: Sequence[Place]) -> Texts:
    """The searched texts of the messages at these places: of what cannot be understood none. Raises Unavailable."""
    rows = await messages_at(reader, at, frozenset({"content"}))
    return await beside(sum(len(row.content) for row in rows.values()), lambda: _texts(rows.values()))


async def scores(reader: Reader, clauses: Sequence[Clause], at: Sequence[Place]) -> dict[Place, float]:
    """How well the message at each place matches; of what is gone nothing. Raises Unavailable."""
    return await scored(await texts_at(reader, at), clauses)


async def scored(texts: Texts, clauses: Sequence[Clause]) -> dict[Place, float]:
    """How well what was read at each place matches."""
    return await beside(
        _length(texts),
        lambda: {
            place: score(entry_tokens(its), clauses, is_title=place.position == TITLE_POSITION)
            for place, its in texts.items()
        },
    )


async def matching_places(texts: Texts, clauses: Sequence[Clause]) -> set[Place]:
    """Where what was read matches every clause."""
    return await beside(_length(texts), lambda: {place for place, its in texts.items() if says(its, clauses)})


def _length(texts: Texts) -> int:
    return sum(len(text) for its in texts.values() for text in its)


async def beside(length: int, work: Callable[[], T], most: int = _LONG) -> T:
    """What work on texts of that length gives, done beside the event loop where they are longer than `most`."""
    return await asyncio.to_thread(work) if length > most else work()


def _texts(rows: Iterable[MessageRow]) -> Texts:
    return {Place(row.session_id, row.position): message_texts(row.content) for row in rows}


def message_texts(content: str) -> list[str]:
    """The searched texts of a message by its stored content; none when it cannot be understood."""
    try:
        return content_texts(load(content))
    except ValueError:
        return []
