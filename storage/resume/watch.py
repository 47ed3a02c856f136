"""Streams for subscriptions: the states of a resume task, and the event log of a thread.

A slow consumer of states skips to the newest one; a consumer of the log gets every event. Nothing is queued in memory,
since each consumer reads its next rows from the tables.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial

from storage.database.bus import ended_topic, task_topic
from storage.database.database import Database
from storage.database.following import FOLLOWER_SECONDS, read_with_retries
from storage.records.resume_task import ResumeTaskRow
from storage.records.thread import ThreadEventRow, ThreadRow

PAGE = 100
"""Events that are read at once."""


async def task_states(
    database: Database, load: Callable[[str], Awaitable[ResumeTaskRow | None]], thread_id: str
) -> AsyncGenerator[ResumeTaskRow, None]:
    """Yield the task's current state, then each state with a higher revision; the final state is last and not delayed.

    Waits while the database is unavailable. `load` reads the task; subscribers may share its statements.
    """
    revision, earliest = 0, 0.0
    topic = task_topic(thread_id)
    with database.bus.subscribed(topic) as woken, database.bus.subscribed(ended_topic(thread_id)) as ended:
        while True:
            woken.clear()
            ended.clear()
            task = await read_with_retries(partial(load, thread_id))
            if task is None:
                return
            if task.revision > revision:
                early = earliest - time.monotonic()
                if early > 0 and not task.is_final:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(early):
                            await ended.wait()
                    continue
                revision = task.revision
                earliest = time.monotonic() + FOLLOWER_SECONDS * database.bus.waiters(topic)
                yield task
                if task.is_final:
                    return
                continue
            await woken.wait()


async def thread_log(
    database: Database,
    load: Callable[[int, int], Awaitable[list[ThreadEventRow]]],
    load_thread: Callable[[], Awaitable[ThreadRow | None]],
    thread_id: str,
    since_seq: int,
) -> AsyncGenerator[ThreadEventRow, None]:
    """Yield every event of a thread after `since_seq`, then each new one: in order, exactly once, until it is deleted.

    Waits while the database is unavailable. `load` takes a sequence number and a limit, and reads the events that
    follow.
    """
    # Every write to the log also updates the task, which wakes this subscriber. A deletion ends the task.
    topics = task_topic(thread_id), ended_topic(thread_id)
    with database.bus.subscribed(topics[0]) as woken, database.bus.subscribed(topics[1]) as ended:
        # The thread may have been deleted before.
        ended.set()
        while True:
            woken.clear()
            if ended.is_set():
                ended.clear()
                if await read_with_retries(load_thread) is None:
                    return
            events = await read_with_retries(partial(load, since_seq, PAGE))
            for event in events:
                since_seq = event.seq
                yield event
            if len(events) < PAGE:
                await woken.wait()
