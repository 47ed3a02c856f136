"""A watchdog of the event loop: it fails when work on the loop delays other tasks for too long."""

import asyncio
import gc
import sys
import threading
import time
import traceback
from types import TracebackType
from typing import Self

HOLD_SECONDS = 0.05
# A tracer, which coverage is measured with, makes Python code several times slower.
_TRACED_FACTOR = 4
_INTERVAL = 0.005


class LoopHeld(AssertionError):
    """The event loop was held too long; the message has the stack of the code that held it."""


class LoopWatchdog:
    """Measures in a thread how long callbacks wait for the running event loop, in CPU time of the loop's thread.

    A loop that is idle or has no processor uses no CPU time, so a busy machine does not fail a test. Pauses of the
    garbage collector do not count: they depend on the objects of the whole test run.
    """

    def __init__(self, hold_seconds: float = HOLD_SECONDS) -> None:
        self.longest = 0.0
        self._limit = hold_seconds * (1 if sys.gettrace() is None else _TRACED_FACTOR)
        self._stack = ""
        self._collecting = 0.0
        self._collection_began = 0.0
        self._has_ended = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._clock = time.pthread_getcpuclockid(self._loop_thread)
        self._thread = threading.Thread(target=self._watch, name="loop-watchdog", daemon=True)

    def __enter__(self) -> Self:
        gc.callbacks.append(self._on_collection)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._has_ended.set()
        self._thread.join()
        gc.callbacks.remove(self._on_collection)
        if error is None and self.longest > self._limit:
            raise LoopHeld(f"The event loop was held for {self.longest * 1000:.0f} ms of CPU time, by:\n{self._stack}")

    def _on_collection(self, phase: str, _: object) -> None:
        if threading.get_ident() != self._loop_thread:
            return
        if phase == "start":
            self._collection_began = self._time()
        else:
            self._collecting += self._time() - self._collection_began

    def _time(self) -> float:
        return time.clock_gettime(self._clock)

    def _watch(self) -> None:
        while not self._has_ended.wait(_INTERVAL):
            self._measure()

    def _measure(self) -> None:
        ran = threading.Event()
        began = self._time() - self._collecting
        self._loop.call_soon_threadsafe(ran.set)
        stack = ""
        while not ran.wait(_INTERVAL):
            if self._has_ended.is_set():
                # The loop is waiting for this thread.
                return
            if not stack and self._time() - self._collecting - began > self._limit:
                stack = "".join(traceback.format_stack(sys._current_frames()[self._loop_thread]))
        held = self._time() - self._collecting - began
        if held > self.longest:
            self.longest, self._stack = held, stack or "(it ended before it was sampled)"
