"""Thread rows, and the events of threads."""

import functools
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.row_types import Columns, Wanted, columns_for, narrow_type, reads_columns, select_columns
from storage.database.tables.thread import thread, thread_event, thread_item
from storage.database.types import KeyText
from storage.records.listing import Listing, fetch_page
from storage.records.page import Page, PageRequest, Scope
from storage.records.thread_item import ThreadItemRow, item_id, turn_id


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

    @property
    @reads_columns()
    def typename(self) -> str:
        """The name of the GraphQL type."""
        return "Thread"


class ThreadEventRow(NamedTuple):
    """An event of a thread. `stored_payload` is JSON text, or None if the payload is made from the item."""

    thread_id: str
    seq: int
    event: str
    timestamp: datetime
    turn_position: int | None
    item_position: int | None
    stored_payload: str | None
    item: ThreadItemRow | None

    @property
    def payload(self) -> orjson.Fragment:
        """The details of the event; for the event of an item, the item as it is now."""
        if self.stored_payload is not None:
            return orjson.Fragment(self.stored_payload)
        return orjson.Fragment(orjson.dumps({} if self.item is None else {"item": self.item.as_json()}))

    @property
    def turn_id(self) -> str | None:
        """The turn of the event."""
        return None if self.turn_position is None else turn_id(self.thread_id, self.turn_position)

    @property
    def item_id(self) -> str | None:
        """The item of the event."""
        if self.turn_position is None or self.item_position is None:
            return None
        return item_id(self.thread_id, self.turn_position, self.item_position)


@functools.lru_cache(maxsize=64)
def _by_id(columns: Columns, *, is_sqlite: bool) -> CompiledSelect[ThreadRow]:
    statement = sa.select(*select_columns(thread, columns)).where(is_any_of(thread.c.id, "ids"))
    return CompiledSelect(statement, ThreadRow, columns, is_sqlite=is_sqlite)


async def threads_by_id(database: Database, ids: Sequence[str], wanted: Wanted = None) -> dict[str, ThreadRow]:
    """The threads with these ids by id, without those that do not exist. Raises Unavailable."""
    select = _by_id(columns_for(ThreadRow, wanted, ("id",)), is_sqlite=database.is_sqlite)
    return {row.id: row for row in await database.read(select, ids=ids)}


async def thread_page(
    database: Database, request: PageRequest, session_id: str | None, wanted: Wanted = None
) -> Page[ThreadRow]:
    """A page of the threads, newest first, of one session unless that is None. Raises InvalidCursor and Unavailable."""
    scope = Scope("threads", session_id)
    values = {} if session_id is None else {"session_id": session_id}
    listing = _ALL if session_id is None else _OF_SESSION
    return await fetch_page(database, listing, values, request, scope, wanted)


def _listing(condition: sa.ColumnElement[bool]) -> Listing:
    return Listing(
        row_type=ThreadRow,
        source=thread,
        columns={**thread.c},
        condition=condition,
        order=(thread.c.created_at, thread.c.id),
        is_descending=True,
    )


_ALL = _listing(sa.true())
_OF_SESSION = _listing(thread.c.session_id == sa.bindparam("session_id", type_=KeyText))


_EVENT_COLUMNS = ("thread_id", "seq", "event", "created_at", "turn_position", "item_position", "payload")
_ITEM_KEY = ("thread_id", "turn_position", "position")


@functools.lru_cache(maxsize=64)
def _events(item_columns: Columns, *, is_sqlite: bool) -> CompiledSelect[tuple[Any, ...]]:
    """Events, each with these columns of its item, if it has one."""
    is_of_event = sa.and_(
        thread_item.c.thread_id == thread_event.c.thread_id,
        thread_item.c.turn_position == thread_event.c.turn_position,
        thread_item.c.position == thread_event.c.item_position,
    )
    source = thread_event.join(thread_item, is_of_event, isouter=True) if item_columns else thread_event
    statement = (
        sa.select(*select_columns(thread_event, _EVENT_COLUMNS), *select_columns(thread_item, item_columns))
        .select_from(source)
        .where(is_any_of(thread_event.c.thread_id, "thread_ids"))
        # Sequence numbers have no gaps, so that a range of them limits the number of events.
        .where(
            thread_event.c.seq > sa.bindparam("since_seq", type_=sa.BigInteger()),
            thread_event.c.seq <= sa.bindparam("until_seq", type_=sa.BigInteger()),
        )
        .order_by(thread_event.c.thread_id, thread_event.c.seq)
    )
    return CompiledSelect(statement, tuple, (), is_sqlite=is_sqlite)


async def thread_events(
    database: Database,
    thread_ids: Sequence[str],
    since_seq: int,
    size: int,
    wanted: Wanted = None,
    item_wanted: Wanted = None,
) -> dict[str, list[ThreadEventRow]]:
    """The first `size` events of each thread after `since_seq`, in order, by thread id. Raises Unavailable."""
    columns = _item_columns(wanted, item_wanted)
    item_type: Any = narrow_type(ThreadItemRow, columns, is_record=False)
    width = len(_EVENT_COLUMNS)
    events: dict[str, list[ThreadEventRow]] = {thread_id: [] for thread_id in thread_ids}
    since_seq = max(since_seq, 0)
    span = {"since_seq": since_seq, "until_seq": since_seq + size}
    for row in await database.read(_events(columns, is_sqlite=database.is_sqlite), thread_ids=thread_ids, **span):
        item = None if not columns or row[width] is None else item_type(row[width:])
        events[row[0]].append(ThreadEventRow._make((*row[:width], item)))
    return events


def _item_columns(wanted: Wanted, item_wanted: Wanted) -> Columns:
    if wanted is None or "payload" in wanted:
        # The payload is made from the whole item.
        return ThreadItemRow._fields
    return columns_for(ThreadItemRow, item_wanted, _ITEM_KEY) if "item" in wanted else ()
