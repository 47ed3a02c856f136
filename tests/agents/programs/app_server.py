"""Codex's server for editors, which keeps threads that several clients share."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.agents.programs.codex import Codex
from tests.agents.programs.program import PATIENCE


class AppServer:
    """A running server, and one client of it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._requests = 0
        client = {"name": "test", "version": "1"}
        self.call("initialize", {"clientInfo": client, "capabilities": {"experimentalApi": True}})

    def call(self, method: str, params: Mapping[str, Any] | None) -> dict[str, Any]:
        """Send a request, and wait for its result. Raises AssertionError where it is refused."""
        self._requests += 1
        assert self._process.stdin is not None
        request = {"jsonrpc": "2.0", "id": self._requests, "method": method, "params": params}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = next(message for message in self._messages() if message.get("id") == self._requests)
        assert "error" not in answer, f"{method}: {answer}"
        result: dict[str, Any] = answer["result"]
        return result

    def turn(self, thread_id: str, prompt: str, **params: object) -> None:
        """Let a turn of a thread begin with a prompt, and wait for its end."""
        self.call("turn/start", {"threadId": thread_id, "input": [{"type": "text", "text": prompt}], **params})
        self.wait_for("turn/completed")

    def wait_for(self, method: str) -> None:
        """Wait for a notification."""
        next(message for message in self._messages() if message.get("method") == method)

    def _messages(self) -> Iterator[dict[str, Any]]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield json.loads(line)
        raise AssertionError("The server has ended")


@contextmanager
def app_server(program: Codex, cwd: Path, *options: str) -> Iterator[AppServer]:
    """Run the server in a directory until the block ends."""
    with program.connected(["app-server", *options], cwd) as process:
        yield AppServer(process)
        assert process.stdin is not None
        # At the end of its input it writes what it still has, and ends.
        process.stdin.close()
        process.wait(PATIENCE)
