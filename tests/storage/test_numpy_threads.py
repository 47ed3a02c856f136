"""No process starts NumPy's threads: they take more of a start than NumPy itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage.documents import readers
from storage.documents.readers import executor

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="counts threads as Linux shows them")

_COMMAND = """
import os, sys, app
context = app.main.make_context("reprise", ["serve"])
app.main.get_command(context, "serve")
print("numpy" in sys.modules, len(os.listdir("/proc/self/task")), os.environ.get("OPENBLAS_NUM_THREADS"))
"""


def threads_with_numpy() -> int:
    """How many threads a process has that imports NumPy."""
    import numpy as np

    assert np.arange(2).sum() == 1
    return len(list(Path("/proc/self/task").iterdir()))


def test_a_command_imports_numpy_without_threads_and_leaves_the_environment_alone() -> None:
    def said(**variables: str) -> list[str]:
        # Not measured: coverage has a thread of its own.
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "OPENBLAS"))}
        command = [sys.executable, "-c", _COMMAND]
        return subprocess.check_output(command, env=outside | variables, text=True, timeout=60).split()

    assert said() == ["True", "1", "None"]
    assert said(OPENBLAS_NUM_THREADS="2") == ["True", str(min(2, len(os.sched_getaffinity(0)))), "2"]


@pytest.mark.slow
def test_reader_processes_import_numpy_without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_POOL_BYTES", 0)
    with executor(1) as started:
        # Its own, and the one that waits for the end of this process.
        assert started.pool.submit(threads_with_numpy).result(timeout=60) == 2
    assert "OPENBLAS_NUM_THREADS" not in os.environ
