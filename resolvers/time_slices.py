"""Cooperative scheduling of long computations on the event loop.

A computation checks between its steps whether its time slice is over and then waits for the next one. Only one of the
waiting computations runs in each iteration of the loop, so together they do not delay other requests for longer than
one slice.
"""

import asyncio
from collections import deque
from time import thread_time
from weakref import WeakKeyDictionary

SLICE_SECONDS = 0.01


class TimeSlices:
    """The time slices of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ends_at = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_resumed = False
        self._is_new_iteration = True

    def is_over(self) -> bool:
        """Whether to wait for a slice: the current one has ended, or others are waiting for theirs."""
        if not self._waiting and self._is_new_iteration:
            # Short computations never wait, which keeps the order of their errors.
            self._is_new_iteration = False
            self._ends_at = thread_time() + SLICE_SECONDS
            self._loop.call_soon(self._begin_iteration)
            return False
        # CPU time, so that a busy machine does not shorten slices.
        return thread_time() >= self._ends_at or (bool(self._waiting) and not self._is_resumed)

    def _begin_iteration(self) -> None:
        self._is_new_iteration = True

    async def next(self) -> None:
        """Wait for a new slice, behind all that wait already."""
        turn = self._loop.create_future()
        self._waiting.append(turn)
        if len(self._waiting) == 1:
            self._loop.call_soon(self._start)
        await turn
        self._is_resumed = True
        self._ends_at = thread_time() + SLICE_SECONDS

    def _start(self) -> None:
        """Start a slice for the first that waits, and schedule the next for the iteration after."""
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft()
        if not self._waiting:
            return
        self._waiting[0].set_result(None)
        self._loop.call_soon(self._finish)

    def _finish(self) -> None:
        """Runs right after the step of the computation that got the slice."""
        self._is_resumed = False
        self._waiting.popleft()
        if self._waiting:
            self._start()


_slices: WeakKeyDictionary[asyncio.AbstractEventLoop, TimeSlices] = WeakKeyDictionary()


def time_slices() -> TimeSlices:
    """The time slices of the running event loop."""
    loop = asyncio.get_running_loop()
    slices = _slices.get(loop)
    if slices is None:
        slices = _slices[loop] = TimeSlices(loop)
    return slices
