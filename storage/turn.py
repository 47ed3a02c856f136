"""Turns: pages of a thread's turns."""

from typing import NamedTuple

import sqlalchemy as sa

from storage.database import Database
from storage.page import Page, PageRequest, fetch_page
from storage.tables import turn
from storage.thread_item import turn_id


class TurnRow(NamedTuple):
    """A turn as clients see it."""

    thread_id: str
    position: int
    status: str
    summary: str

    @property
    def id(self) -> str:
        """Unique across threads, and the same however the thread was seeded."""
        return turn_id(self.thread_id, self.position)


async def turn_page(database: Database, thread_id: str, request: PageRequest) -> Page[TurnRow]:
    """A thread's turns in order. Raises InvalidCursor and Unavailable."""
    of_thread = turn.c.thread_id == thread_id
    return await fetch_page(
        database,
        request,
        scope=("turns", thread_id),
        statement=sa.select(*(turn.c[name] for name in TurnRow._fields)).where(of_thread),
        total=sa.select(sa.func.count()).select_from(turn).where(of_thread),
        order=(turn.c.position,),
        descending=False,
        row_type=TurnRow,
        key_of=lambda row: (row.position,),
    )
