"""Threads with their turns, items and events.

Rows are only added, and deleted with their thread, so that these tables have no foreign keys to check.
"""

from datetime import datetime

import sqlalchemy as sa

from storage.database.tables.table import Table, column, table_of
from storage.database.types import Instant, KeyText


class Thread(Table, table=True):
    """A runtime thread. `session_id` is null after the session is deleted."""

    id: str = column(KeyText, primary_key=True)
    session_id: str | None = column(KeyText, nullable=True, index=True)
    title: str | None = column(sa.Text, nullable=True)
    model: str = column(sa.Text)
    mode: str = column(sa.Text)
    task_type: str = column(sa.Text)
    workspace: str = column(sa.Text)
    system_prompt: str | None = column(sa.Text, nullable=True)
    created_at: datetime = column(Instant)
    updated_at: datetime = column(Instant)

    __table_args__ = (sa.Index("thread_created_at", "created_at", "id"),)


class Turn(Table, table=True):
    """A turn of a thread: a prompt and everything up to the next one."""

    thread_id: str = column(KeyText, primary_key=True)
    position: int = column(sa.Integer, primary_key=True, autoincrement=False)
    status: str = column(sa.Text)
    summary: str = column(sa.Text)


class ThreadItem(Table, table=True):
    """An item of a turn. `detail` is JSON text: the input of a tool, or a block as stored."""

    thread_id: str = column(KeyText, primary_key=True)
    turn_position: int = column(sa.Integer, primary_key=True, autoincrement=False)
    position: int = column(sa.Integer, primary_key=True, autoincrement=False)
    type: str = column(sa.Text)
    status: str = column(sa.Text)
    summary: str = column(sa.Text)
    kind: str | None = column(sa.Text, nullable=True)
    name: str | None = column(sa.Text, nullable=True)
    tool_use_id: str | None = column(sa.Text, nullable=True)
    detail: str | None = column(sa.Text, nullable=True)
    text: str | None = column(sa.Text, nullable=True)


class ThreadEvent(Table, table=True):
    """An event of a thread. The event of an item has the item's position; its payload is made from the item."""

    thread_id: str = column(KeyText, primary_key=True)
    seq: int = column(sa.BigInteger, primary_key=True, autoincrement=False)
    event: str = column(sa.Text)
    created_at: datetime = column(Instant)
    turn_position: int | None = column(sa.Integer, nullable=True)
    item_position: int | None = column(sa.Integer, nullable=True)
    payload: str | None = column(sa.Text, nullable=True)


thread = table_of(Thread)
turn = table_of(Turn)
thread_item = table_of(ThreadItem)
thread_event = table_of(ThreadEvent)
