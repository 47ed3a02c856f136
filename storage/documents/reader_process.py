"""The start of a process that reads files for an import. It imports little: each of them takes the memory for it."""

import multiprocessing
import os
import signal
import threading

from storage.garbage_collection import collect_rarely


def initialize_process() -> None:
    """Initializer of a reader process: it ignores Ctrl-C, exits with its parent, and collects garbage rarely."""
    # The terminal sends SIGINT to the whole group; the parent stops its readers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    collect_rarely()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
