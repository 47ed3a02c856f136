"""Who is told when rows change: an in-process bus, and on PostgreSQL a listener that joins the processes' buses.

A topic says only that there is something to read; what, the reader takes from the tables. So a message may come twice
or be merged with the next one, and after a time without a listener everybody is told to read again. What stands in for
the listener where nothing can listen is in `poll.py`.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any

import asyncpg

log = logging.getLogger("reprise.bus")

CHANNEL = "reprise"
QUEUE = "queue"
HEARTBEAT_SECONDS = 5.0
RECONNECT_SECONDS = 0.5


def payloads(origin: str, topics: list[str]) -> list[str]:
    """`topics` without repeats, as few notifications as PostgreSQL's 8,000 bytes a payload allow; each names the bus
    that has told its own waiters.
    """
    unique = list(dict.fromkeys(topics))
    return ["\n".join([origin, *unique[start : start + 30]]) for start in range(0, len(unique), 30)]


_TASK = "task:"


def task_topic(thread_id: str) -> str:
    """Topic of one resume task's state."""
    return f"{_TASK}{thread_id}"


def ended_topic(thread_id: str) -> str:
    """Topic of its final state alone."""
    return f"ended:{thread_id}"


class Bus:
    """Wakes the coroutines of this process that wait for a topic. Holds one flag a waiter, whatever is published."""

    def __init__(self) -> None:
        self._waiters: dict[str, set[asyncio.Event]] = {}
        self.rename()

    def rename(self) -> None:
        """Hear what was said under the name so far as if another process had said it."""
        self.id = uuid.uuid4().hex

    @contextlib.contextmanager
    def subscribed(self, topic: str) -> Iterator[asyncio.Event]:
        """An event that is set at every message on `topic`; the waiter clears it before it reads."""
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
        """How many wait for a topic in this process."""
        return len(self._waiters.get(topic, ()))

    def threads(self) -> list[str]:
        """Those whose resume tasks somebody in this process waits for."""
        return [topic.removeprefix(_TASK) for topic in self._waiters if topic.startswith(_TASK)]

    def publish(self, topics: Iterable[str]) -> None:
        """Wake whoever waits for one of `topics`."""
        for topic in topics:
            for woken in self._waiters.get(topic, ()):
                woken.set()

    def receive(self, payload: str) -> None:
        """Publish what came from another process; one's own is published before it comes back."""
        origin, *topics = payload.split("\n")
        if origin != self.id:
            self.publish(topics)

    def publish_all(self) -> None:
        """Wake everybody: something may have been missed."""
        self.publish(list(self._waiters))


@contextlib.asynccontextmanager
async def listening(bus: Bus, connect_args: Mapping[str, Any]) -> AsyncIterator[None]:
    """Feed `bus` from PostgreSQL's notifications until the block ends. Returns at once and reconnects by itself."""
    task = asyncio.create_task(_listen(bus, connect_args), name="reprise-listener")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _listen(bus: Bus, connect_args: Mapping[str, Any]) -> None:
    while True:
        try:
            await _listen_once(bus, connect_args)
        except Exception as error:
            # Whatever it was: without a listener nobody here is told anything. The driver has many words for it.
            log.warning("listener lost, connecting again: %s", type(error).__name__)
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
