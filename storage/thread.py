"""Runtime threads and their logs as clients read them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import orjson
import sqlalchemy as sa

from storage.database import Database
from storage.jsontext import RawJSON
from storage.tables import thread, thread_event, thread_item
from storage.thread_item import ThreadItemRow, item_columns, item_id, turn_id


class ThreadRow(NamedTuple):
    """A runtime thread as clients see it."""

    id: str
    session_id: str | None
    title: str | None
    model: str
    mode: str
    task_type: str
    workspace: str
    system_prompt: str | None
    created_at: datetime
    updated_at: datetime


class ThreadEventRow(NamedTuple):
    """An entry of a thread's log. `stored_payload` is JSON text; None when the payload is the item."""

    thread_id: str
    seq: int
    event: str
    timestamp: datetime
    turn_position: int | None
    item_position: int | None
    stored_payload: str | None
    item: ThreadItemRow | None

    @property
    def payload(self) -> RawJSON:
        """The details; of an item's event, that item as it now stands."""
        if self.stored_payload is not None:
            return RawJSON(self.stored_payload)
        return RawJSON(orjson.dumps({} if self.item is None else {"item": self.item.as_json()}).decode())

    @property
    def turn_id(self) -> str | None:
        """The turn it is about."""
        return None if self.turn_position is None else turn_id(self.thread_id, self.turn_position)

    @property
    def item_id(self) -> str | None:
        """The item it is about."""
        if self.turn_position is None or self.item_position is None:
            return None
        return item_id(self.thread_id, self.turn_position, self.item_position)


_threads = sa.select(*(thread.c[name] for name in ThreadRow._fields)).where(
    thread.c.id.in_(sa.bindparam("ids", expanding=True))
)
_EVENT_COLUMNS = ("thread_id", "seq", "event", "created_at", "turn_position", "item_position", "payload")
_events = (
    sa.select(*(thread_event.c[name] for name in _EVENT_COLUMNS), *item_columns())
    .join_from(
        thread_event,
        thread_item,
        sa.and_(
            thread_item.c.thread_id == thread_event.c.thread_id,
            thread_item.c.turn_position == thread_event.c.turn_position,
            thread_item.c.position == thread_event.c.item_position,
        ),
        isouter=True,
    )
    .where(thread_event.c.thread_id.in_(sa.bindparam("thread_ids", expanding=True)))
    # Numbers have no gaps, so so many of them are so many events.
    .where(thread_event.c.seq > sa.bindparam("since_seq"), thread_event.c.seq <= sa.bindparam("until_seq"))
    .order_by(thread_event.c.thread_id, thread_event.c.seq)
)


async def threads_by_id(database: Database, ids: Sequence[str]) -> dict[str, ThreadRow]:
    """The threads with these ids, by id; those that are not there are left out. Raises Unavailable."""
    async with database.read() as connection:
        rows = await connection.execute(_threads, {"ids": list(ids)})
    return {row.id: ThreadRow._make(row) for row in rows}


async def thread_events(
    database: Database, thread_ids: Sequence[str], since_seq: int, size: int
) -> dict[str, list[ThreadEventRow]]:
    """The first `size` entries of each thread's log after `since_seq`, in order, by thread id. Raises Unavailable."""
    width = len(_EVENT_COLUMNS)
    events: dict[str, list[ThreadEventRow]] = {thread_id: [] for thread_id in thread_ids}
    since_seq = max(since_seq, 0)
    span = {"since_seq": since_seq, "until_seq": since_seq + size}
    async with database.read() as connection:
        for row in await connection.execute(_events, {"thread_ids": list(thread_ids), **span}):
            item = None if row[width] is None else ThreadItemRow._make(row[width:])
            events[row[0]].append(ThreadEventRow._make((*row[:width], item)))
    return events
