"""Programs behind an editor: servers of the Agent Client Protocol."""

import itertools
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.agents.programs.program import PATIENCE, Program


class Editor:
    """A client of a running program. It allows each call."""

    def __init__(self, process: "subprocess.Popen[str]", cwd: Path) -> None:
        self._process = process
        self._numbers = itertools.count(1)
        self._place = {"cwd": str(cwd), "mcpServers": []}
        files = {"readTextFile": False, "writeTextFile": False}
        self.call("initialize", protocolVersion=1, clientCapabilities={"fs": files, "terminal": False})

    def new_session(self) -> str:
        """Begin a session. Returns its id."""
        session_id: str = self.call("session/new", **self._place)["sessionId"]
        return session_id

    def load(self, session_id: str) -> None:
        """Continue a session of an earlier process."""
        self.call("session/load", sessionId=session_id, **self._place)

    def prompt(self, session_id: str, text: str, *others: dict[str, Any]) -> None:
        """Send a prompt, and wait for the end of its turn. `others` are pictures and files."""
        self.call("session/prompt", sessionId=session_id, prompt=[{"type": "text", "text": text}, *others])

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a request, and wait for its result. Raises AssertionError where it is refused."""
        number = next(self._numbers)
        self._send(id=number, method=method, params=params)
        for message in self._messages():
            if "method" not in message and message.get("id") == number:
                assert "error" not in message, f"{method}: {message}"
                result: dict[str, Any] = message["result"]
                return result
            if message.get("method") == "session/request_permission":
                options = message["params"]["options"]
                allowed = next(option["optionId"] for option in options if option["kind"].startswith("allow"))
                self._send(id=message["id"], result={"outcome": {"outcome": "selected", "optionId": allowed}})
        raise AssertionError("The program has ended")

    def _send(self, **message: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self._process.stdin.flush()

    def _messages(self) -> Iterator[dict[str, Any]]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield json.loads(line)


@contextmanager
def editor(program: Program, cwd: Path, *arguments: str) -> Iterator[Editor]:
    """Run a program behind an editor in a directory until the block ends."""
    with program.connected([*arguments], cwd) as process:
        yield Editor(process, cwd)
        assert process.stdin is not None
        # At the end of its input it writes what it still has, and ends.
        process.stdin.close()
        process.wait(PATIENCE)
