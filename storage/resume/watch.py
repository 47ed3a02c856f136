"""Following what changes: a resume task's states, of which a slow reader is given the newest, and a thread's log, of
which every reader is given all.

Nothing is queued: what a reader has not taken yet is in the tables.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from typing import TypeVar

from storage.database.bus import ended_topic, task_topic
from storage.database.database import Database
from storage.errors import Unavailable
from storage.records.resume_task import ResumeTaskRow
from storage.records.thread import ThreadEventRow

log = logging.getLogger("reprise.watch")

RETRY_SECONDS = 1.0
FOLLOWER_SECONDS = 0.001
"""Between two states that a follower is given, for each follower of the task: to answer all of them takes a share of
the process, however many they are.
"""
PAGE = 100
"""Entries of a log that are read at once."""

T = TypeVar("T")


async def task_states(
    database: Database, load: Callable[[str], Awaitable[ResumeTaskRow | None]], thread_id: str
) -> AsyncGenerator[ResumeTaskRow, None]:
    """The task as it stands, then as it is whenever its revision has risen, the final state last and at once.

    Goes on through any time without the database. `load` reads the task; many followers may share its statements.
    """
    revision, earliest = 0, 0.0
    topic = task_topic(thread_id)
    with database.bus.subscribed(topic) as woken, database.bus.subscribed(ended_topic(thread_id)) as at_end:
        while True:
            woken.clear()
            at_end.clear()
            task = await _patiently(partial(load, thread_id))
            if task is None:
                return
            if task.revision > revision:
                early = earliest - time.monotonic()
                if early > 0 and not task.is_final:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(early):
                            await at_end.wait()
                    continue
                revision = task.revision
                earliest = time.monotonic() + FOLLOWER_SECONDS * database.bus.waiters(topic)
                yield task
                if task.is_final:
                    return
                continue
            await woken.wait()


async def thread_log(
    database: Database, load: Callable[[int, int], Awaitable[list[ThreadEventRow]]], thread_id: str, since_seq: int
) -> AsyncGenerator[ThreadEventRow, None]:
    """Every entry of a thread's log after `since_seq`, then each new one as it is written: in order, none twice, none
    left out. Never ends.

    Goes on through any time without the database. `load` reads so many entries after one.
    """
    # Whatever writes to a log also moves its task.
    with database.bus.subscribed(task_topic(thread_id)) as woken:
        while True:
            woken.clear()
            entries = await _patiently(partial(load, since_seq, PAGE))
            for entry in entries:
                since_seq = entry.seq
                yield entry
            if len(entries) < PAGE:
                await woken.wait()


async def _patiently(read: Callable[[], Awaitable[T]]) -> T:
    """What `read` gives once the database is there."""
    while True:
        try:
            return await read()
        except Unavailable:
            log.warning("the database is away; a subscription waits")
            await asyncio.sleep(RETRY_SECONDS)
