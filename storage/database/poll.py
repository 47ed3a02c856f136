"""Polling for the writes of other processes, on databases without LISTEN and NOTIFY.

SQLite has one process that serves and seeds, but an import beside it changes sessions.
"""

import asyncio
import contextlib
import functools
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple

import sqlalchemy as sa

from storage.database.background import in_background
from storage.database.bus import SESSIONS, Bus, ended_topic, task_topic
from storage.database.change_numbers import change_numbers
from storage.database.compiled_select import CompiledSelect, Reader
from storage.database.list_parameters import is_any_of
from storage.database.tables.resume_task import resume_task
from storage.errors import Unavailable


class _Revision(NamedTuple):
    thread_id: str
    revision: int
    is_final: bool


@functools.cache
def _revisions() -> CompiledSelect[_Revision]:
    statement = sa.select(
        resume_task.c.thread_id, resume_task.c.revision, resume_task.c.finished_at.is_not(None).label("is_final")
    ).where(is_any_of(resume_task.c.thread_id, "thread_ids"))
    return CompiledSelect(statement, _Revision, _Revision._fields, is_sqlite=False)


class Poll:
    """Publishes on a bus the topics that have waiters in this process and that have changed since the last poll.

    Every write to a thread raises its task's revision, and sessions have a counter of their changes, so that two
    statements a poll serve all waiters; without waiters there are none.
    """

    def __init__(self, bus: Bus, reader: Reader) -> None:
        self._bus = bus
        self._reader = reader
        self._revisions: dict[str, _Revision] = {}
        self._last_change: int | None = None

    def running(self, seconds: float) -> AbstractAsyncContextManager[None]:
        """Poll at this interval until the block ends."""
        return in_background(self._run(seconds), "reprise-poll")

    async def _run(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            # The waiters read by themselves until the database is available again.
            with contextlib.suppress(Unavailable):
                await self.poll()

    async def poll(self) -> None:
        """Publish what has changed. Raises Unavailable."""
        if self._bus.waiters(SESSIONS):
            last = (await change_numbers(self._reader)).last
            if last != self._last_change:
                self._last_change = last
                self._bus.publish([SESSIONS])
        thread_ids = [] if self._reader.is_sqlite else self._bus.task_threads()
        rows = await self._reader.read(_revisions(), thread_ids=thread_ids) if thread_ids else []
        self._bus.publish(self._changed(rows))
        self._revisions = {row.thread_id: row for row in rows}

    def _changed(self, rows: Sequence[_Revision]) -> Iterator[str]:
        for row in rows:
            # A task that was not polled before counts as changed: it may have changed since its waiter read it.
            if row != self._revisions.get(row.thread_id):
                yield task_topic(row.thread_id)
                if row.is_final:
                    yield ended_topic(row.thread_id)
        # Deleted ones.
        for thread_id in self._revisions.keys() - {row.thread_id for row in rows}:
            yield task_topic(thread_id)
            yield ended_topic(thread_id)
