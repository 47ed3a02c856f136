"""Cooperative cancellation: work in a thread ends soon after the task that awaits it was cancelled."""

import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class WorkCancelled(Exception):
    """The task that awaited this work was cancelled. Nobody gets its result, or this exception."""


_cancelled: ContextVar[threading.Event | None] = ContextVar("_cancelled", default=None)


async def run_in_cancellable_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As asyncio.to_thread. When the calling task is cancelled, the next `check_cancelled` ends the thread's work."""
    # Imported here, since reader processes do without.
    import asyncio

    cancelled = threading.Event()
    _cancelled.set(cancelled)
    try:
        return await asyncio.to_thread(function, *args, **kwargs)
    finally:
        cancelled.set()
        _cancelled.set(None)


def check_cancelled() -> None:
    """For functions that may work for long, between two pieces of it. Raises WorkCancelled."""
    cancelled = _cancelled.get()
    if cancelled is not None and cancelled.is_set():
        raise WorkCancelled
