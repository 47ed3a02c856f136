"""Turn rows, and pages of the turns of many threads in one statement."""

from collections.abc import Sequence
from typing import NamedTuple

from storage.database.database import Database
from storage.database.row_types import Wanted, reads_columns
from storage.database.tables.thread import turn
from storage.records.numbered_lists import NumberedLists
from storage.records.page import Page, PageRequest
from storage.records.thread_item import TurnKey, turn_id


class TurnRow(NamedTuple):
    """A turn as clients see it."""

    thread_id: str
    position: int
    status: str
    summary: str

    @property
    @reads_columns()
    def typename(self) -> str:
        """The name of the GraphQL type."""
        return "Turn"

    @property
    @reads_columns("thread_id", "position")
    def id(self) -> str:
        """Unique across threads, and the same however the thread was seeded."""
        return turn_id(self.thread_id, self.position)


_TURNS: NumberedLists[TurnKey, TurnRow] = NumberedLists("turns", turn, TurnRow)


async def turn_pages(
    database: Database, thread_ids: Sequence[str], request: PageRequest, wanted: Wanted = None
) -> list[Page[TurnRow]]:
    """A page of the turns of each thread, in their order. Raises InvalidCursor and Unavailable."""
    return await _TURNS.pages(database, [(id,) for id in thread_ids], request, wanted)


async def turns_at(database: Database, keys: Sequence[TurnKey], wanted: Wanted = None) -> dict[TurnKey, TurnRow]:
    """The turns with these keys by key, read by one statement. Raises Unavailable."""
    return await _TURNS.rows_at(database, keys, wanted)
