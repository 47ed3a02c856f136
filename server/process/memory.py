"""The C library's memory allocator, and Python's garbage collector."""

import contextlib
import ctypes
import gc

_M_ARENA_MAX = -8

GC_ALLOCATIONS = 20_000
"""Threshold of the youngest generation of the garbage collector."""


def share_arena() -> None:
    """Let all threads allocate from one arena, where the C library is glibc.

    It has an arena for each thread otherwise, and memory that one thread has freed is of no use to another. Python's
    global lock lets threads hardly ever allocate at the same time.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def collect_rarely() -> None:
    """Let the garbage collector run rarely, and leave out what exists by now.

    Results and rows are acyclic trees of thousands of objects: with the default threshold it runs for nothing. A
    collection before would take a tenth of the start.
    """
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS, 20, 100)
