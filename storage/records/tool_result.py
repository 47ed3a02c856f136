"""The results of tool calls, wherever they are in their sessions.

A result stands in the message of the call, in the next one, or later. So the notes of tool calls are read from the
first call on, in growing steps, until every call has its result.
"""

import functools
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

import sqlalchemy as sa

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.tables.message import message
from storage.errors import TooLarge
from storage.records.content_block import MessagePlace, ToolResultBlock
from storage.records.message import MessageRow, messages_at
from storage.records.position_range import position_table
from storage.records.tool_links import Place, ToolLinks

_FIRST_STEP, _GROWTH, _MAX_STEP = 50, 8, 20_000
_MAX_GAP = 1_000
"""The most messages between two calls whose results are looked for together."""

_CONTENT = frozenset({"role", "content", "blocks"})


class CallPlace(NamedTuple):
    """Where a tool call is: its session, its message and its block."""

    session_id: str
    message: int
    block: int


class FoundResults(NamedTuple):
    """The results of calls that have one, and the characters that were read for them."""

    results: Mapping[CallPlace, ToolResultBlock]
    characters: int


class _NoteRow(NamedTuple):
    search: int
    position: int
    size: int
    tool_links: str | None


class _Search:
    """The search for the results of calls that are close to each other in one session."""

    def __init__(self, first: CallPlace) -> None:
        self.session_id = first.session_id
        self.calls = [first]
        self.start = first.message
        self.stop = 0
        self.notes: list[tuple[int, str | None]] = []

    def is_near(self, call: CallPlace) -> bool:
        last = self.calls[-1]
        return call.session_id == last.session_id and call.message - last.message <= _MAX_GAP


async def results_of(database: Database, calls: Sequence[CallPlace], max_characters: int) -> FoundResults:
    """The results of calls. Raises Unreadable and Unavailable.

    Raises TooLarge, without reading them, when their messages have more than `max_characters`.
    """
    places, sizes = await _find_places(database, calls)
    at = sorted({(call.session_id, position) for call, (position, _) in places.items()})
    characters = sum(sizes[place] for place in at)
    if characters > max_characters:
        raise TooLarge(f"The messages have {characters:,} characters.")
    rows = await messages_at(database, at, _CONTENT) if at else {}
    blocks = {place: _results_in(row) for place, row in rows.items()}
    found = {
        call: block
        for call, (position, block_position) in places.items()
        if (block := blocks.get((call.session_id, position), {}).get(block_position)) is not None
    }
    return FoundResults(found, characters)


def _results_in(row: MessageRow) -> dict[int, ToolResultBlock]:
    results = {block.position: block for block in row.blocks() if isinstance(block, ToolResultBlock)}
    for block in results.values():
        block.message_place = (row.session_id, row.position)
    return results


async def _find_places(
    database: Database, calls: Sequence[CallPlace]
) -> tuple[dict[CallPlace, Place], dict[MessagePlace, int]]:
    """The place of the result of each call that has one, and the sizes of the messages that were passed."""
    places: dict[CallPlace, Place] = {}
    sizes: dict[MessagePlace, int] = {}
    step = _FIRST_STEP
    searches = _searches(calls)
    while searches:
        for search in searches:
            search.stop = max(search.stop, search.calls[-1].message + 1) + step
        rows = await database.read(
            _notes(is_sqlite=database.is_sqlite),
            owner=[search.session_id for search in searches],
            search=list(range(len(searches))),
            start=[search.start for search in searches],
            stop=[search.stop for search in searches],
        )
        for row in sorted(rows, key=itemgetter(0, 1)):
            search = searches[row.search]
            search.notes.append((row.position, row.tool_links))
            sizes[search.session_id, row.position] = row.size
        going_on = []
        for search in searches:
            links = ToolLinks(search.notes)
            left = []
            for call in search.calls:
                place = links.answers_to(call.message).get(call.block)
                if place is None:
                    left.append(call)
                else:
                    places[call] = place
            is_end = not search.notes or search.notes[-1][0] < search.stop - 1
            if left and not is_end:
                search.calls, search.start = left, search.stop
                going_on.append(search)
        searches = going_on
        step = min(step * _GROWTH, _MAX_STEP)
    return places, sizes


def _searches(calls: Sequence[CallPlace]) -> list[_Search]:
    searches: list[_Search] = []
    for call in sorted(set(calls)):
        if searches and searches[-1].is_near(call):
            searches[-1].calls.append(call)
        else:
            searches.append(_Search(call))
    return searches


@functools.lru_cache
def _notes(*, is_sqlite: bool) -> CompiledSelect[_NoteRow]:
    """The notes of the messages in many ranges of positions, which have no gaps."""
    ranges = position_table("search", "start", "stop", is_sqlite=is_sqlite)
    search, start, stop = ranges.numbers
    is_within = sa.and_(message.c.session_id == ranges.owner, message.c.position >= start, message.c.position < stop)
    statement = sa.select(search.label("search"), message.c.position, message.c.size, message.c.tool_links).join_from(
        ranges.source, message, is_within
    )
    return CompiledSelect(statement, _NoteRow, _NoteRow._fields, is_sqlite=is_sqlite)
