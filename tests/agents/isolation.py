"""A network in which programs reach nothing but the model server."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from signal import SIGKILL

# Seconds until processes that were killed must have ended.
PATIENCE = 60
_LISTEN = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(fileno=int(sys.argv[1])) as channel:
    socket.send_fds(channel, [b"."], [listener.fileno()])
"""


@dataclass(frozen=True)
class Isolation:
    """A network namespace with a loopback and nothing else; without a name, the network of this process."""

    name: str | None

    @property
    def within(self) -> list[str]:
        """The beginning of a command that runs a program in it."""
        return [] if self.name is None else ["ip", "netns", "exec", self.name]

    def listener(self) -> socket.socket:
        """A socket that listens on its loopback: it belongs to the namespace in which it was made."""
        if self.name is None:
            return socket.create_server(("127.0.0.1", 0))
        here, there = socket.socketpair()
        with here, there:
            command = [*self.within, sys.executable, "-c", _LISTEN, str(there.fileno())]
            subprocess.run(command, check=True, pass_fds=[there.fileno()], timeout=60)
            _, [descriptor], *_ = socket.recv_fds(here, 1, 1)
        return socket.socket(fileno=descriptor)

    def processes(self) -> list[int]:
        """The ids of all processes in it."""
        if self.name is None:
            return []
        run = subprocess.run(["ip", "netns", "pids", self.name], check=True, capture_output=True, text=True)
        return [int(pid) for pid in run.stdout.split()]

    def kill_all(self) -> None:
        """Kill all processes in it, and wait until they have ended. Raises TimeoutError."""
        end = time.monotonic() + PATIENCE
        while pids := self.processes():
            if time.monotonic() > end:
                raise TimeoutError(f"Processes {pids} have not ended")
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, SIGKILL)
            time.sleep(0.01)


@contextmanager
def isolated() -> Iterator[Isolation]:
    """Create a namespace where the system permits it, as Linux does for root.

    Elsewhere the programs share the network of this process, and only their settings keep them on the loopback.
    """
    name = f"reprise-agents-{os.getpid()}"
    try:
        subprocess.run(["ip", "netns", "add", name], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        yield Isolation(None)
        return
    isolation = Isolation(name)
    try:
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True, capture_output=True)
        yield isolation
    finally:
        isolation.kill_all()
        subprocess.run(["ip", "netns", "del", name], check=True, capture_output=True)
