"""The C library's memory allocator."""

import contextlib
import ctypes

_M_ARENA_MAX = -8


def share_arena() -> None:
    """Let all threads allocate from one arena, where the C library is glibc.

    It has an arena for each thread otherwise, and memory that one thread has freed is of no use to another. Python's
    global lock lets threads hardly ever allocate at the same time.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
