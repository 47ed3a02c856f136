"""Servers in processes of their own."""

import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

# Seconds until a start or a stop that hangs fails: on a busy machine a start takes a minute.
PATIENCE = 240
_ADDRESS = re.compile(r"http://(127\.0\.0\.1:\d+)")


class Spawned(NamedTuple):
    """A running server: the HOST:PORT on which it listens, its process id, its log file."""

    address: str
    pid: int
    log: Path

    @property
    def url(self) -> str:
        """The URL of its GraphQL endpoint."""
        return f"http://{self.address}/graphql"


@contextmanager
def spawned(command: Sequence[str | Path], environment: Mapping[str, str], folder: Path | None = None) -> Iterator[str]:
    """Run a server until the block ends; yield its address. Raises as `watched` does."""
    with watched(command, environment, folder) as server:
        yield server.address


@contextmanager
def watched(
    command: Sequence[str | Path], environment: Mapping[str, str], folder: Path | None = None
) -> Iterator[Spawned]:
    """Run a server until the block ends. Raises RuntimeError with its log when it does not start."""
    with TemporaryDirectory() as logs, Path(logs, "log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
        try:
            yield Spawned(_address(server, Path(logs, "log")), server.pid, Path(logs, "log"))
        finally:
            server.terminate()
            try:
                server.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _address(server: "subprocess.Popen[bytes]", log: Path) -> str:
    end = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < end:
        if found := _ADDRESS.search(log.read_text(encoding="utf-8")):
            return found[1]
        time.sleep(0.02)
    raise RuntimeError(f"The server did not start:\n{log.read_text(encoding='utf-8')}")
