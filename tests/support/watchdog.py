"""A watchdog of the event loop: it fails when work on the loop delays other tasks for too long."""

import asyncio
import gc
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable
from types import FrameType, TracebackType
from typing import Self, TypeVar

R = TypeVar("R")

HOLD_SECONDS = 0.05
# A tracer, which coverage is measured with, makes Python code several times slower.
TRACED_FACTOR = 4
_INTERVAL = 0.005


class LoopHeld(AssertionError):
    """The event loop was held too long; the message has the stack of the code that held it."""


class LoopWatchdog:
    """Measures on the running event loop how much CPU time its thread uses between two calls of a timer.

    A loop that is idle or has no processor uses no CPU time, so a busy machine does not fail a test. Pauses of the
    garbage collector do not count: they depend on the objects of the whole test run.
    """

    def __init__(self, hold_seconds: float = HOLD_SECONDS) -> None:
        self.longest = 0.0
        # Before a timer is due, the loop may be busy with other things.
        self._limit = hold_seconds * (1 if sys.gettrace() is None else TRACED_FACTOR) + _INTERVAL
        self._stack: list[traceback.FrameSummary] = []
        self._sample: list[traceback.FrameSummary] = []
        self._collecting = 0.0
        self._collection_began = 0.0
        self._has_ended = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._clock = time.pthread_getcpuclockid(self._loop_thread)
        self._began = self._time()
        self._timer: asyncio.TimerHandle
        self._thread = threading.Thread(target=self._sample_stacks, name="loop-watchdog", daemon=True)

    def __enter__(self) -> Self:
        gc.callbacks.append(self._on_collection)
        self._began = self._time()
        self._timer = self._loop.call_later(_INTERVAL, self._tick)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._measure()
        self._timer.cancel()
        self._has_ended.set()
        self._thread.join()
        gc.callbacks.remove(self._on_collection)
        if error is None and self.longest > self._limit:
            stack = "".join(traceback.format_list(self._stack)) or "(it ended before it was sampled)"
            raise LoopHeld(f"The event loop was held for {self.longest * 1000:.0f} ms of CPU time, by:\n{stack}")

    def _on_collection(self, phase: str, _: object) -> None:
        if threading.get_ident() != self._loop_thread:
            return
        now = time.clock_gettime(self._clock)
        if phase == "start":
            self._collection_began = now
        else:
            self._collecting += now - self._collection_began

    def _time(self) -> float:
        """CPU time of the loop's thread without collections."""
        return time.clock_gettime(self._clock) - self._collecting

    def _tick(self) -> None:
        self._measure()
        self._timer = self._loop.call_later(_INTERVAL, self._tick)

    def _measure(self) -> None:
        now = self._time()
        if now - self._began > self.longest:
            self.longest = now - self._began
            self._stack = self._sample
        self._sample = []
        self._began = now

    def _sample_stacks(self) -> None:
        while not self._has_ended.wait(_INTERVAL):
            if not self._sample and self._time() - self._began > self._limit:
                self._sample = _frames(sys._current_frames()[self._loop_thread])


def _frames(frame: FrameType | None) -> list[traceback.FrameSummary]:
    """The stack of a frame, outermost first, without its lines: reading a file gives up the global lock, for which
    this thread would then wait 5 ms each time.
    """
    frames = []
    while frame is not None:
        code = frame.f_code
        frames.append(traceback.FrameSummary(code.co_filename, frame.f_lineno, code.co_name, lookup_line=False))
        frame = frame.f_back
    return frames[::-1]


_RUNS = 3


async def check_loop_is_free(
    step: Callable[[int], Awaitable[R]], prepare: Callable[[int], Awaitable[None]] | None = None
) -> R:
    """Run a step under a watchdog until it does not hold the loop; return its result.

    Raises LoopHeld if it held the loop three times.

    On a busy machine any code may take much CPU time once, since it shares caches and cores: code that holds the loop
    does so in each run. The step gets the number of the run. It must do the same work in each, and not read from a
    cache what an earlier run computed; `prepare` makes what it needs, without a watchdog.
    """
    run = 1
    while True:
        if prepare is not None:
            await prepare(run)
        try:
            with LoopWatchdog() as watchdog:
                result = await step(run)
        except LoopHeld:
            if run == _RUNS:
                raise
            run += 1
        else:
            assert watchdog.longest > 0
            return result
