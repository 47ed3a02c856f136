"""Turns: one after another, but nobody's lasts long."""

import asyncio
from collections.abc import Callable


class TimedLock:
    """Whose turn has come goes on alone for so many seconds at most; after that the next one does too.

    For threads that Python runs one at a time: together they take longer than one after another.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._one = asyncio.Semaphore(1)

    async def take(self) -> Callable[[], None]:
        """Returns when one's turn has come; what is returned ends it."""
        await self._one.acquire()
        has_ended = False

        def end() -> None:
            nonlocal has_ended
            if not has_ended:
                has_ended = True
                timer.cancel()
                self._one.release()

        timer = asyncio.get_running_loop().call_later(self._seconds, end)
        return end
