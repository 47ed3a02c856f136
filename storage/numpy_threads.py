"""The threads that NumPy starts when it is imported."""

import contextlib
import os
from collections.abc import Iterator

_THREADS = "OPENBLAS_NUM_THREADS"


@contextlib.contextmanager
def without_numpy_threads() -> Iterator[None]:
    """Keep NumPy from starting threads when it is imported in the block, here or in a process that the block starts.

    Its library for linear algebra, which Reprise does not use, starts one for each further core. They take a third of
    the CPU time of the import. Variables of the environment take precedence.
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
