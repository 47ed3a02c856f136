"""The threads that NumPy starts when it is imported."""

import contextlib
import os
from collections.abc import Iterator

_THREADS = "OPENBLAS_NUM_THREADS"


@contextlib.contextmanager
def without_numpy_threads() -> Iterator[None]:
    """Let NumPy start no threads when it is imported while the block runs, here or in a process that is started.

    Its library for linear algebra, of which nothing here makes use, starts one for each further core. They take a third
    of the CPU time of the import. What the environment says of it takes precedence.
    """
    if _THREADS in os.environ:
        yield
        return
    os.environ[_THREADS] = "1"
    try:
        yield
    finally:
        # Not for the programs of agents, which `reprise handoff` starts.
        os.environ.pop(_THREADS, None)
