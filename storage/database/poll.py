"""Looking for what other processes write, on databases that have no LISTEN and NOTIFY."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.bus import Bus, ended_topic, task_topic
from storage.database.tables import resume_task
from storage.errors import Unavailable

Revision = tuple[int, bool]
"""How often a task has changed, and whether it has ended."""

# An array is one value, however many wait: a statement can have 32,767.
_revisions = sa.select(
    resume_task.c.thread_id, resume_task.c.revision, resume_task.c.finished_at.is_not(None).label("is_final")
).where(resume_task.c.thread_id == sa.any_(sa.bindparam("thread_ids", type_=ARRAY(sa.Text))))


class Poll:
    """Tells a bus of tasks that somebody in this process waits for and that have changed since the last look.

    Whatever writes to a thread moves its task's revision, so one statement a look is enough for all who wait, and none
    is made while nobody does. `read` gives a connection, or raises Unavailable.
    """

    def __init__(self, bus: Bus, read: Callable[[], AbstractAsyncContextManager[AsyncConnection]]) -> None:
        self._bus = bus
        self._read = read
        self._known: dict[str, Revision] = {}

    @contextlib.asynccontextmanager
    async def running(self, seconds: float) -> AsyncIterator[None]:
        """Look every so many seconds until the block ends."""
        task = asyncio.create_task(self._run(seconds), name="reprise-poll")
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            # Who waits reads for itself until the database is there again.
            with contextlib.suppress(Unavailable):
                await self.look()

    async def look(self) -> None:
        """Publish what has changed. Raises Unavailable."""
        found = await self._found(self._bus.threads())
        self._bus.publish(self._changed(found))
        self._known = found

    async def _found(self, thread_ids: list[str]) -> dict[str, Revision]:
        if not thread_ids:
            return {}
        async with self._read() as connection:
            rows = await connection.execute(_revisions, {"thread_ids": thread_ids})
        return {row.thread_id: (row.revision, row.is_final) for row in rows}

    def _changed(self, found: dict[str, Revision]) -> Iterator[str]:
        for thread_id, revision in found.items():
            # What is looked at for the first time may have changed since its waiter read it.
            if revision != self._known.get(thread_id):
                yield task_topic(thread_id)
                if revision[1]:
                    yield ended_topic(thread_id)
