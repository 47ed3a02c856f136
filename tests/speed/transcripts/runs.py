"""Runs of a command, and requests to a server, with what they cost."""

import http.client
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_SAMPLE_SECONDS = 0.05
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20


class Cost(NamedTuple):
    """Seconds of a run by the clock and of all its processes' CPU, and the most memory they had together in MB."""

    wall: float
    cpu: float
    memory: float


def run(command: Sequence[str | Path], environment: Mapping[str, str]) -> Cost:
    """Run a command to its end. Raises RuntimeError with its output when it fails."""
    began, before = time.perf_counter(), os.times()
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    sampler = MemorySampler(process.pid)
    output, _ = process.communicate()
    wall, after = time.perf_counter() - began, os.times()
    memory = sampler.stop()
    if process.returncode != 0:
        raise RuntimeError(f"{command} ended with {process.returncode}:\n{output.decode(errors='replace')[-2000:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(wall, cpu, memory)


class MemorySampler:
    """Samples the resident memory of a process and its descendants, in MB; the most is the result."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._most = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """End the sampling; return the most that was seen."""
        self._ended.set()
        self._thread.join()
        return self._most

    def _sample(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            self._most = max(self._most, sum(map(_resident, _descendants(self._pid))))


def _descendants(pid: int) -> set[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found, added = {pid}, True
    while added:
        children = {child for child, parent in parents.items() if parent in found} - found
        found |= children
        added = bool(children)
    return found


def _resident(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * _PAGE_MB


class Requests:
    """Requests on one kept connection to a server on the loopback."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=120)

    def ask(self, path: str, body: bytes | None = None) -> bytes:
        """The answer to a GET, or to a POST with a JSON body. Raises RuntimeError when it is not 200."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        self._connection.request("GET" if body is None else "POST", path, body, headers)
        response = self._connection.getresponse()
        data = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path} was answered with {response.status}: {data[:500]!r}")
        return data

    def milliseconds(self, path: str, body: bytes | None = None, seconds: float = 1.0) -> float:
        """The median time of the request, asked again and again for so long."""
        times: list[float] = []
        end = time.perf_counter() + seconds
        while len(times) < 5 or time.perf_counter() < end:
            began = time.perf_counter()
            self.ask(path, body)
            times.append(time.perf_counter() - began)
        return sorted(times)[len(times) // 2] * 1000


def seconds_until(condition: Callable[[], bool], patience: float = 120, pause: float = 0.01) -> float:
    """Seconds until the condition holds. Raises TimeoutError after `patience` seconds."""
    began = time.perf_counter()
    while not condition():
        if time.perf_counter() - began > patience:
            raise TimeoutError("The condition did not come true.")
        time.sleep(pause)
    return time.perf_counter() - began
