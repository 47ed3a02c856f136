"""Memory of processes with many threads."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, sys, tempfile, threading
from server.process.memory import share_arena
if sys.argv[1] == "shared":
    share_arena()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
barrier = threading.Barrier(4)
def allocate():
    barrier.wait()
    held = [bytes(1000) for _ in range(100)]
    barrier.wait()
threads = [threading.Thread(target=allocate) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
with tempfile.NamedTemporaryFile() as file:
    stream = ctypes.c_void_p(libc.fopen(file.name.encode(), b"w"))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    print(file.read().count(b"<heap nr="))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc is Linux's")
def test_threads_share_an_arena() -> None:
    # Not measured: coverage 7 sometimes hangs a program that ends several threads at once.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}

    def arenas(argument: str) -> int:
        command = [sys.executable, "-c", PROGRAM, argument]
        return int(subprocess.check_output(command, env=environment, timeout=60))

    assert arenas("shared") == 1 < arenas("own")
