"""The C library's memory allocator."""

import asyncio
import contextlib
import ctypes
import time

_M_ARENA_MAX = -8
_PERIOD_SECONDS = 5.0
# The largest share of CPU time in a period in which the process counts as idle.
_IDLE_SHARE = 0.02
# CPU time after which there may be something to give back.
_WORK_SECONDS = 0.1


def share_arena() -> None:
    """Let all threads allocate from one arena, where the C library is glibc.

    It has an arena for each thread otherwise, and memory that one thread has freed is of no use to another. Python's
    global lock lets threads hardly ever allocate at the same time.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


async def give_back_memory() -> None:
    """Give freed memory back to the system whenever the process becomes idle, where the C library is glibc.

    It gives back what is free at the end of its heap otherwise, which is little where requests of all sizes are
    processed at the same time. Runs until it is cancelled.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return
    trimmed = before = time.process_time()
    while True:
        await asyncio.sleep(_PERIOD_SECONDS)
        now = time.process_time()
        if now - before < _IDLE_SHARE * _PERIOD_SECONDS and now - trimmed > _WORK_SECONDS:
            # In a thread: it takes some milliseconds for each 100 MB, for which other threads wait only to allocate.
            await asyncio.to_thread(trim, 0)
            trimmed = now
        before = now
