"""What stays open: websockets and streamed responses, how many there may be, and how all of them end."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol


class Stoppable(Protocol):
    """A websocket or a streamed response."""

    def stop(self) -> None:
        """Tell the client that the server stops, and end. Returns at once."""


class OpenStreams:
    """The open websockets and streamed responses of a process.

    `open` counts them; `subscriptions` counts the subscriptions that run over them.
    """

    def __init__(self, most: int) -> None:
        self.open = 0
        self.subscriptions = 0
        self._most = most
        self._joined: set[Stoppable] = set()
        self._is_stopping = False
        self._emptied = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Whether no other may be opened; so it is, too, once the server stops."""
        return self._is_stopping or self.open >= self._most

    @contextmanager
    def joined(self, member: Stoppable) -> Iterator[None]:
        """Counts `member` until the block ends."""
        self.open += 1
        self._joined.add(member)
        try:
            yield
        finally:
            self._joined.discard(member)
            self.open -= 1
            if not self.open:
                self._emptied.set()

    @contextmanager
    def subscribed(self) -> Iterator[None]:
        """Counts a subscription until the block ends."""
        self.subscriptions += 1
        try:
            yield
        finally:
            self.subscriptions -= 1

    async def stop(self, seconds: float) -> None:
        """Let nobody else in, end all, and wait until they have ended, no longer than that."""
        self._is_stopping = True
        self._emptied.clear()
        for member in list(self._joined):
            member.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds if self.open else 0):
                await self._emptied.wait()
