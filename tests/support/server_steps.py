"""Checks that no step of a server's tasks, from one await to the next, holds the event loop for long."""

import asyncio
import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from types import CodeType, CoroutineType
from typing import Any

from server.process.connection import HttpConnection, WebSocketConnection
from tests.support.watchdog import HOLD_SECONDS, TRACED_FACTOR, LoopHeld

# What tests do themselves holds no client of the server; the lifespan runs before there are any.
_NOT_SERVING = ("/tests/", "/httpx2/", "/uvicorn/lifespan/")
_LOOPS = 100_000
# What runs beside shares caches and cores, so that code takes more CPU time.
_BUSY_FACTOR = 2
# CPU time that `_reference_work` takes on the machine that HOLD_SECONDS is meant for.
_REFERENCE_SECONDS = 0.004


class _Steps:
    """The longest step of the tasks and callbacks on a thread's event loop, in CPU time without garbage collections."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.place = ""
        self._thread = threading.get_ident()
        self._collecting = 0.0
        self._collection_began = 0.0

    def on_collection(self, phase: str, _: object) -> None:
        if threading.get_ident() != self._thread:
            return
        if phase == "start":
            self._collection_began = time.thread_time()
        else:
            self._collecting += time.thread_time() - self._collection_began

    def run(self, step: Callable[[], Any], place: Callable[[], str]) -> Any:
        """The result of a step; `place` says afterwards where it was."""
        collected, began = self._collecting, time.thread_time()
        try:
            return step()
        finally:
            seconds = time.thread_time() - began - (self._collecting - collected)
            if seconds > HOLD_SECONDS:
                # The machine may be slow at the moment.
                seconds /= _slowness()
            if seconds > self.longest:
                self.longest = seconds
                self.place = place()


class _WatchedCoroutine(Coroutine[Any, Any, Any]):
    """A coroutine whose steps are measured."""

    def __init__(self, coroutine: "CoroutineType[Any, Any, Any]", steps: _Steps) -> None:
        self._coroutine = coroutine
        self._steps = steps

    def send(self, value: Any) -> Any:
        return self._steps.run(lambda: self._coroutine.send(value), self._place)

    def throw(self, *error: Any) -> Any:
        return self._steps.run(lambda: self._coroutine.throw(*error), self._place)

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._coroutine.__await__()

    def __getattr__(self, name: str) -> Any:
        # What inspect and anyio ask of coroutines.
        return getattr(self._coroutine, name)

    def _place(self) -> str:
        places = [self._coroutine.__qualname__]
        inner: Any = self._coroutine
        while (frame := getattr(inner, "cr_frame", None)) is not None:
            places.append(f"{frame.f_code.co_filename}:{frame.f_lineno}")
            inner = inner.cr_await
        return "\n  ".join(places)


@contextmanager
def loop_kept_free() -> Iterator[None]:
    """Raises LoopHeld when a server on the running loop took more than 50 ms of CPU time for one step in the block.

    Reading from connections counts too. Tasks of the tests do not, nor does waiting for the processor.
    """
    steps = _Steps()
    loop = asyncio.get_running_loop()
    factory_before = loop.get_task_factory()

    def create(loop: asyncio.AbstractEventLoop, coroutine: Any, **arguments: Any) -> asyncio.Task[Any]:
        code: CodeType | None = getattr(coroutine, "cr_code", None)
        is_served = code is not None and not any(part in code.co_filename for part in _NOT_SERVING)
        return asyncio.Task(_WatchedCoroutine(coroutine, steps) if is_served else coroutine, loop=loop, **arguments)

    loop.set_task_factory(create)
    gc.callbacks.append(steps.on_collection)
    with _watched_reads(HttpConnection, steps), _watched_reads(WebSocketConnection, steps):
        try:
            yield
        finally:
            gc.callbacks.remove(steps.on_collection)
            loop.set_task_factory(factory_before)
    if steps.longest > most_seconds():
        raise LoopHeld(
            f"A step held the event loop for {steps.longest * 1000:.0f} ms of CPU time. It ended at\n  {steps.place}"
        )


@contextmanager
def _watched_reads(connection: type[Any], steps: _Steps) -> Iterator[None]:
    received = connection.data_received

    def data_received(self: Any, data: bytes) -> None:
        steps.run(lambda: received(self, data), lambda: f"{connection.__name__}.data_received")

    connection.data_received = data_received
    try:
        yield
    finally:
        connection.data_received = received


def most_seconds() -> float:
    """The most that a step may take now."""
    is_busy = not hasattr(os, "getloadavg") or os.getloadavg()[0] > 1
    return HOLD_SECONDS * (_BUSY_FACTOR if is_busy else 1) * (1 if sys.gettrace() is None else TRACED_FACTOR)


def _slowness() -> float:
    """How many times as long work takes now as on a fast machine, at least 1."""
    began = time.thread_time()
    _reference_work()
    return max(1.0, (time.thread_time() - began) / _REFERENCE_SECONDS)


def _reference_work() -> None:
    total = 0
    for number in range(_LOOPS):
        total += number * number
