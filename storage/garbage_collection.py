"""Python's garbage collector in processes that make many objects."""

import gc

_ALLOCATIONS = 20_000


def collect_rarely() -> None:
    """Let the garbage collector run rarely, and leave out what exists by now.

    Results and rows are acyclic trees of thousands of objects: with the default threshold it runs for nothing. A
    collection before would take a tenth of the start.
    """
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, 20, 100)
