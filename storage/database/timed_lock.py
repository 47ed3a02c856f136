"""A lock that its holder loses after a while."""

import asyncio
from collections.abc import Callable


class TimedLock:
    """A fair lock that is released after `seconds` at the latest, so that a slow holder delays the others only once.

    The holder is not cancelled, as asyncio.timeout would do: it continues beside the next one.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._semaphore = asyncio.Semaphore(1)

    async def acquire(self) -> Callable[[], None]:
        """Wait for the lock; returns the function that releases it, which may be called more than once."""
        await self._semaphore.acquire()
        is_released = False

        def release() -> None:
            nonlocal is_released
            if not is_released:
                is_released = True
                timer.cancel()
                self._semaphore.release()

        timer = asyncio.get_running_loop().call_later(self._seconds, release)
        return release
