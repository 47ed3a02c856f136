"""What a server must be like after anything that a client may have done to it."""

import re
from pathlib import Path
from typing import Any

import httpx2

from tests.support.spawned import Spawned

# What one run may leave behind: caches of documents fill up to their bounds.
GROWTH_BYTES = 96 * 1024 * 1024
_FAULT = re.compile(rb'Traceback|RuntimeWarning|"level": ?"(?:ERROR|CRITICAL)"| (?:ERROR|CRITICAL) ')
PATIENCE = 30


class Endurance:
    """Watches a server from when it is made: its log and its memory."""

    def __init__(self, server: Spawned) -> None:
        self._server = server
        self._read = 0
        self._held = _resident_bytes(server)

    def check_log(self) -> None:
        """Asserts that nothing went wrong in the server since the last check."""
        with self._server.log.open("rb") as log:
            log.seek(self._read)
            said = log.read()
        self._read += len(said)
        assert not _FAULT.search(said), said.decode(errors="replace")

    def check(self) -> None:
        """Asserts also that the server still answers, and that it holds no more memory than it may."""
        with httpx2.Client(trust_env=False, timeout=PATIENCE) as http:
            answer = http.post(self._server.url, json={"query": "{ sessions(first: 1) { nodes { id } } }"})
        assert len(answer.json()["data"]["sessions"]["nodes"]) == 1
        assert _resident_bytes(self._server) - self._held < GROWTH_BYTES
        self.check_log()


def check_errors(answer: Any) -> None:
    """Asserts that an answer with errors holds coded ones, each of which the server foresaw."""
    codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
    assert all(isinstance(code, str) and code != "INTERNAL_SERVER_ERROR" for code in codes), answer


def _resident_bytes(server: Spawned) -> int:
    """0 where the system does not say."""
    status = Path(f"/proc/{server.pid}/status")
    if not status.exists():
        return 0
    (kilobytes,) = re.findall(r"^VmRSS:\s*(\d+) kB$", status.read_text(encoding="ascii"), re.MULTILINE)
    return int(kilobytes) * 1024
