"""A semaphore for memory and other resources that concurrent requests share."""

import asyncio
from collections import deque


class WeightedSemaphore:
    """A semaphore of which callers acquire as much as they need. They wait in order of arrival.

    More than the limit can be acquired while nothing else is.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._acquired = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def acquire(self, size: int, timeout: float) -> None:
        """Acquires `size` of it. Raises TimeoutError when that is not available in time."""
        if not self._waiting and self._fits(size):
            self._acquired += size
            return
        granted = asyncio.get_running_loop().create_future()
        entry = (size, granted)
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(timeout):
                await granted
        except BaseException:
            if entry in self._waiting:
                self._waiting.remove(entry)
                self._grant()
            else:
                self.release(size)
            raise

    def release(self, size: int) -> None:
        """Releases what was acquired."""
        self._acquired -= size
        self._grant()

    def _fits(self, size: int) -> bool:
        return not self._acquired or self._acquired + size <= self._limit

    def _grant(self) -> None:
        while self._waiting and self._fits(self._waiting[0][0]):
            size, granted = self._waiting.popleft()
            self._acquired += size
            if not granted.done():
                granted.set_result(None)
