"""Open websockets, streamed responses and imports: their limit, and how they end when the server stops."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol


class Stoppable(Protocol):
    """A websocket, a streamed response or an import."""

    def stop(self) -> None:
        """Tell the client that the server stops, and close. Does not block."""


class OpenStreams:
    """The open websockets and streamed responses of a process.

    `open` is their number, `subscriptions` the number of subscriptions that they carry.
    """

    def __init__(self, limit: int) -> None:
        self.open = 0
        self.subscriptions = 0
        self._limit = limit
        self._members: set[Stoppable] = set()
        self._is_stopping = False
        self._empty = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Whether no further stream may be opened: the limit is reached or the server stops."""
        return self._is_stopping or self.open >= self._limit

    @contextmanager
    def register(self, member: Stoppable) -> Iterator[None]:
        """Counts `member` as open within the block."""
        self.open += 1
        try:
            with self.notify(member):
                yield
        finally:
            self.open -= 1
            if not self.open:
                self._empty.set()

    @contextmanager
    def notify(self, member: Stoppable) -> Iterator[None]:
        """Stops `member` within the block when the server stops, without counting it."""
        self._members.add(member)
        if self._is_stopping:
            member.stop()
        try:
            yield
        finally:
            self._members.discard(member)

    @contextmanager
    def count_subscription(self) -> Iterator[None]:
        """Counts a subscription within the block."""
        self.subscriptions += 1
        try:
            yield
        finally:
            self.subscriptions -= 1

    async def stop(self, timeout: float) -> None:
        """Refuse new streams, stop the open ones, and wait up to `timeout` seconds until they have ended."""
        self._is_stopping = True
        self._empty.clear()
        for member in list(self._members):
            member.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout if self.open else 0):
                await self._empty.wait()
