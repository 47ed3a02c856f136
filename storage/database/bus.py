"""Notifications about changed rows within a process; `listener.py` connects the buses of several over PostgreSQL.

A topic only says that there is something to read in the tables. So messages may be repeated or merged, and after a gap
in listening all waiters read again. `poll.py` is the fallback for databases without LISTEN.
"""

import asyncio
import contextlib
import uuid
from collections.abc import Iterable, Iterator

CHANNEL = "reprise"
QUEUE = "queue"
SESSIONS = "sessions"
"""The topic of every change of a session."""


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
