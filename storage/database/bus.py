"""Notifications about changed rows: an in-process bus, and a listener that connects the buses over PostgreSQL.

A topic only says that there is something to read in the tables. So messages may be repeated or merged, and after a gap
in listening all waiters read again. `poll.py` is the fallback for databases without LISTEN.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import asyncpg

from storage.database.background import in_background

log = logging.getLogger("reprise.bus")

CHANNEL = "reprise"
QUEUE = "queue"
SESSIONS = "sessions"
"""The topic of every change of a session."""

HEARTBEAT_SECONDS = 5.0
RECONNECT_SECONDS = 0.5


def payloads(origin: str, topics: list[str]) -> list[str]:
    """The payloads of as few notifications as PostgreSQL's limit of 8,000 bytes allows, without repeated topics.

    Each begins with the id of the bus that sends it, which has published the topics itself.
    """
    unique = list(dict.fromkeys(topics))
    return ["\n".join([origin, *unique[start : start + 30]]) for start in range(0, len(unique), 30)]


_TASK = "task:"


def task_topic(thread_id: str) -> str:
    """The topic of every change of a resume task."""
    return f"{_TASK}{thread_id}"


def ended_topic(thread_id: str) -> str:
    """The topic of the final state of a resume task."""
    return f"ended:{thread_id}"


class Bus:
    """Wakes the coroutines of this process that wait for a topic. It holds one event per waiter and no messages."""

    def __init__(self) -> None:
        self._waiters: dict[str, set[asyncio.Event]] = {}
        self.rename()

    def rename(self) -> None:
        """Take a new id, so that notifications sent under the old one are received like those of another process."""
        self.id = uuid.uuid4().hex

    @contextlib.contextmanager
    def subscribed(self, topic: str) -> Iterator[asyncio.Event]:
        """An event that is set by every message on `topic`; the waiter clears it before it reads."""
        woken = asyncio.Event()
        waiters = self._waiters.setdefault(topic, set())
        waiters.add(woken)
        try:
            yield woken
        finally:
            waiters.discard(woken)
            if not waiters and self._waiters.get(topic) is waiters:
                del self._waiters[topic]

    def waiters(self, topic: str) -> int:
        """The number of waiters for a topic in this process."""
        return len(self._waiters.get(topic, ()))

    def task_threads(self) -> list[str]:
        """The ids of the threads whose resume tasks have waiters in this process."""
        return [topic.removeprefix(_TASK) for topic in self._waiters if topic.startswith(_TASK)]

    def publish(self, topics: Iterable[str]) -> None:
        """Wake the waiters for `topics`."""
        for topic in topics:
            for woken in self._waiters.get(topic, ()):
                woken.set()

    def receive(self, payload: str) -> None:
        """Publish a notification of another process; this one's own were published when they were sent."""
        origin, *topics = payload.split("\n")
        if origin != self.id:
            self.publish(topics)

    def publish_all(self) -> None:
        """Wake all waiters, since messages may have been missed."""
        self.publish(list(self._waiters))


def listening(bus: Bus, connect_args: Mapping[str, Any]) -> AbstractAsyncContextManager[None]:
    """Publish PostgreSQL's notifications on `bus` until the block ends. Connects in the background, and reconnects."""
    return in_background(_listen(bus, connect_args), "reprise-listener")


async def _listen(bus: Bus, connect_args: Mapping[str, Any]) -> None:
    while True:
        try:
            await _listen_once(bus, connect_args)
        except Exception as error:
            # Any error: the driver raises many kinds, and the listener must not stop.
            log.warning("Listener lost its connection and reconnects: %s", type(error).__name__)
        await asyncio.sleep(RECONNECT_SECONDS)


async def _listen_once(bus: Bus, connect_args: Mapping[str, Any]) -> None:
    connection = await asyncpg.connect(timeout=HEARTBEAT_SECONDS, **connect_args)
    lost = asyncio.Event()
    try:
        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(CHANNEL, lambda *message: bus.receive(str(message[3])))
        bus.publish_all()
        while not lost.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await lost.wait()
            await connection.execute("SELECT 1", timeout=HEARTBEAT_SECONDS)
    finally:
        connection.terminate()
