"""Deadlines that share one timer of the event loop.

asyncio.timeout takes 4 µs, most of them to add a timer to the loop and to remove it: its three uses would be 4 % of a
request for 50 sessions. Few deadlines ever pass, so one timer looks for those that have.
"""

import asyncio
from collections.abc import Callable


class SharedTimer:
    """Calls functions `seconds` after they were added, unless they are removed before then. For one event loop."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        # With the time at which each is due, in this order.
        self._functions: dict[Callable[[], None], float] = {}
        self._handle: asyncio.TimerHandle | None = None

    def add(self, function: Callable[[], None]) -> None:
        """Call a function later. It must not be waiting already."""
        loop = asyncio.get_running_loop()
        self._functions[function] = loop.time() + self._seconds
        if self._handle is None:
            self._handle = loop.call_later(self._seconds, self._call_due, loop)

    def remove(self, function: Callable[[], None]) -> None:
        """Do not call a function any more."""
        self._functions.pop(function, None)

    def _call_due(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for function, due in list(self._functions.items()):
            if due > now:
                break
            del self._functions[function]
            function()
        following = next(iter(self._functions.values()), None)
        self._handle = None if following is None else loop.call_at(following, self._call_due, loop)


class Deadline:
    """Cancels a block when it is expired, by `timer` or by a call of `stop`. The block then raises TimeoutError.

    It works as asyncio.timeout does: a cancellation from outside is raised as CancelledError.
    """

    __slots__ = ("_cancelling", "_task", "_timer", "is_expired")

    def __init__(self, timer: SharedTimer | None = None) -> None:
        self._timer = timer
        self.is_expired = False

    def __enter__(self) -> "Deadline":
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        if self._timer is not None:
            self._timer.add(self.stop)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._timer is not None:
            self._timer.remove(self.stop)
        # The count of cancellations is restored however the block ended.
        if self.is_expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError

    def stop(self) -> None:
        """End the block, once."""
        if not self.is_expired:
            self.is_expired = True
            self._task.cancel()
