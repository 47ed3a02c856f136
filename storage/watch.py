"""Following a resume task: each state that a client can still use, newest first come, none twice."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable

from storage.bus import task_topic
from storage.database import Database
from storage.errors import Unavailable
from storage.resume_task import ResumeTaskRow

log = logging.getLogger("reprise.watch")

RETRY_SECONDS = 1.0


async def task_states(
    database: Database, load: Callable[[str], Awaitable[ResumeTaskRow | None]], thread_id: str
) -> AsyncGenerator[ResumeTaskRow, None]:
    """The task as it stands, then as it is whenever its revision has risen, the final state last.

    Nothing is queued: a reader that is slow is given the newest state. Goes on through any time without the database.
    `load` reads the task; many followers may share its statements.
    """
    revision = 0
    with database.bus.subscribed(task_topic(thread_id)) as woken:
        while True:
            woken.clear()
            try:
                task = await load(thread_id)
            except Unavailable:
                log.warning("the database is away; a subscription waits")
                await asyncio.sleep(RETRY_SECONDS)
                woken.set()
                continue
            if task is None:
                return
            if task.revision > revision:
                revision = task.revision
                yield task
                if task.is_final:
                    return
                continue
            await woken.wait()
