"""Assertions about a server after hostile input: no errors in its log, bounded memory, further responses."""

import re
from pathlib import Path
from typing import Any

import httpx2

from tests.support.spawned import Spawned

# Growth allowed in a run: caches of documents fill up to their bounds.
GROWTH_BYTES = 96 * 1024 * 1024
_FAULT = re.compile(rb'Traceback|RuntimeWarning|"level": ?"(?:ERROR|CRITICAL)"| (?:ERROR|CRITICAL) ')
PATIENCE = 60


class Endurance:
    """Observes the log and the memory of a server from construction on."""

    def __init__(self, server: Spawned) -> None:
        self._server = server
        self._read = 0
        self._held = _resident_bytes(server)

    def check_log(self) -> None:
        """Assert that the server has logged no error since the last check."""
        with self._server.log.open("rb") as log:
            log.seek(self._read)
            said = log.read()
        self._read += len(said)
        assert not _FAULT.search(said), said.decode(errors="replace")

    def check(self) -> None:
        """Assert also that the server responds, and that its memory has not grown beyond the limit."""
        with httpx2.Client(trust_env=False, timeout=PATIENCE) as http:
            answer = http.post(self._server.url, json={"query": "{ sessions(first: 1) { nodes { id } } }"})
        assert len(answer.json()["data"]["sessions"]["nodes"]) == 1
        assert _resident_bytes(self._server) - self._held < GROWTH_BYTES
        self.check_log()


def check_errors(answer: Any) -> None:
    """Assert that all errors of an answer have a code, and that none is an internal error."""
    codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
    assert all(isinstance(code, str) and code != "INTERNAL_SERVER_ERROR" for code in codes), answer


def _resident_bytes(server: Spawned) -> int:
    """The resident memory; 0 where the system has no /proc."""
    status = Path(f"/proc/{server.pid}/status")
    if not status.exists():
        return 0
    (kilobytes,) = re.findall(r"^VmRSS:\s*(\d+) kB$", status.read_text(encoding="ascii"), re.MULTILINE)
    return int(kilobytes) * 1024
