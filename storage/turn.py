"""Turns: pages of a thread's turns."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from storage.database import Database
from storage.page import Page, PageRequest, Scope, Together, known
from storage.positions import UNCOUNTED, Range, owners_by_page
from storage.tables import thread, turn
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


_columns = [turn.c[name] for name in TurnRow._fields]


async def turn_pages(database: Database, thread_ids: Sequence[str], request: PageRequest) -> list[Page[TurnRow]]:
    """A page of each thread's turns, in their order. Raises InvalidCursor and Unavailable.

    One statement, and one more when pages are counted from the end.
    """
    counts = Together(lambda: _read_counts(database, thread_ids))
    ranges = [await _range(counts, thread_id, request) for thread_id in thread_ids]
    # One more than the page: whether it is there tells whether more follow.
    statement = sa.select(*_columns).where(
        sa.or_(
            *(
                sa.and_(turn.c.thread_id.in_(owners), turn.c.position >= start, turn.c.position <= end)
                for (start, end), owners in owners_by_page(ranges, request).items()
            )
        )
    )
    rows: dict[str, list[TurnRow]] = {thread_id: [] for thread_id in thread_ids}
    async with database.read() as connection:
        for row in await connection.execute(statement.order_by(turn.c.thread_id, turn.c.position)):
            rows[row.thread_id].append(TurnRow._make(row))
    return [_page(span.page(request), rows[span.owner], counts, span.owner) for span in ranges]


async def _range(counts: "Together[str, int]", thread_id: str, request: PageRequest) -> Range:
    count = (await counts.get(thread_id) or 0) if request.is_backward else UNCOUNTED
    return Range.of(thread_id, count, Scope("turns", thread_id), request)


def _page(span: tuple[int, int], rows: list[TurnRow], counts: "Together[str, int]", thread_id: str) -> Page[TurnRow]:
    scope = Scope("turns", thread_id)
    start, end = span
    page = [row for row in rows if row.position < end]

    async def count() -> int:
        return await counts.get(thread_id) or 0

    return Page(
        page,
        lambda row: scope.cursor((row.position,)),
        lambda: known(start > 0),
        lambda: known(len(page) < len(rows)),
        count,
    )


async def _read_counts(database: Database, thread_ids: Sequence[str]) -> dict[str, int]:
    """Turns have no gaps, so the last one's position tells how many there are."""
    last = sa.select(sa.func.max(turn.c.position) + 1).where(turn.c.thread_id == thread.c.id).scalar_subquery()
    statement = sa.select(thread.c.id, last.label("count")).where(thread.c.id.in_(thread_ids))
    async with database.read() as connection:
        return {row.id: row[1] or 0 for row in await connection.execute(statement)}
