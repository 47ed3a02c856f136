"""Turns: one after another, but nobody's lasts long."""

import asyncio
from collections import deque
from collections.abc import Callable


class Turns:
    """Whose turn has come goes on alone for so many seconds at most; after that the next one does too.

    For threads that Python runs one at a time: together they take longer than one after another.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._is_taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> Callable[[], None]:
        """Returns when one's turn has come; what is returned ends it."""
        loop = asyncio.get_running_loop()
        if self._is_taken:
            turn = loop.create_future()
            self._waiting.append(turn)
            try:
                await turn
            except BaseException:
                # Not given to who has left.
                if not turn.cancel() and not turn.cancelled():
                    self._hand_on()
                raise
        self._is_taken = True
        has_ended = False

        def end() -> None:
            nonlocal has_ended
            if not has_ended:
                has_ended = True
                timer.cancel()
                self._hand_on()

        timer = loop.call_later(self._seconds, end)
        return end

    def _hand_on(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._is_taken = False
