"""A session of two turns that a program wrote, the second in a process of its own."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.agents.model_server.conversation import Expected
from tests.agents.model_server.script import Call, Hold, Thinking, reply
from tests.agents.model_server.server import ModelServer, Request
from tests.agents.programs.program import Program, Run, Running

# With the characters that programs replace in the names of folders.
FOLDER = "Tea Shop_é.x"
PRICES = "Mint tea 2"
PROMPT = "What does mint tea cost?"
THOUGHT = "Look at the list first"
FOREWORD = "Let me look."
ANSWER = "Mint tea costs 2."
SECOND_PROMPT = "And black tea?"
SECOND_ANSWER = "The list does not say."
# Seconds to wait before a test fails.
PATIENCE = 240


@dataclass(frozen=True)
class Recording:
    """The session's file, and the requests that were sent while it was written.

    In the first turn the model sends a thought, a text and two parallel calls, of which the second fails; then it
    answers. In the second turn it answers at once.
    """

    program: Program
    cwd: Path
    calls: tuple[Call, Call]
    runs: tuple[Run, Run]
    requests: list[Request]
    side_requests: list[Request]
    file: Path
    session_id: str
    after_first_turn: bytes
    inode: int

    def lines(self) -> list[dict[str, Any]]:
        """The lines of the file as JSON."""
        return [json.loads(line) for line in self.file.read_bytes().splitlines()]

    def expected(self) -> list[Expected]:
        """What the first request of the second turn must hold, thoughts apart."""
        found, not_found = self.calls
        return [
            Expected("text", PROMPT, "user"),
            Expected("text", FOREWORD, "assistant"),
            Expected("call", "cat prices.txt", "assistant", found.name, found.id),
            Expected("call", "cat nothing.txt", "assistant", not_found.name, not_found.id),
            Expected("result", PRICES, id=found.id),
            Expected("result", "nothing.txt", id=not_found.id),
            Expected("text", ANSWER, "assistant"),
            Expected("text", SECOND_PROMPT, "user"),
        ]


def shop(folder: Path) -> Path:
    """A directory to work in."""
    made = folder / FOLDER
    made.mkdir()
    (made / "prices.txt").write_text(f"{PRICES}\n", encoding="utf-8")
    return made


def record(program: Program, models: ModelServer, cwd: Path) -> Recording:
    """Let a program write a session."""
    calls = program.shell("cat prices.txt"), program.shell("cat nothing.txt")
    models.play(reply(Thinking(THOUGHT), FOREWORD, *calls), reply(ANSWER))
    first = program.run(PROMPT, cwd)
    [file] = program.files()
    after_first_turn, inode = file.read_bytes(), file.stat().st_ino
    session_id = program.session_id(file)
    models.play(reply(SECOND_ANSWER))
    second = program.run(SECOND_PROMPT, cwd, resume=session_id)
    assert models.unscripted == []
    return Recording(
        program,
        cwd,
        calls,
        (first, second),
        list(models.requests),
        list(models.side_requests),
        file,
        session_id,
        after_first_turn,
        inode,
    )


def resumed(program: Program, models: ModelServer, session_id: str, prompt: str, cwd: Path) -> Request:
    """Resume a session with one more turn. Returns the first request that the program sends."""
    seen = len(models.requests)
    models.play(reply(SECOND_ANSWER))
    program.run(prompt, cwd, resume=session_id)
    assert models.unscripted == []
    return models.requests[seen]


@contextmanager
def waiting(program: Program, models: ModelServer, cwd: Path) -> Iterator[Running]:
    """Run a program that has made a call and waits for the model's answer until the block ends."""
    answer = threading.Event()
    models.play(reply(FOREWORD, program.shell("cat prices.txt")), reply(Hold(answer), ANSWER))
    with program.start(program.arguments(PROMPT, None), cwd) as running:
        models.wait_for(2)
        yield running
        answer.set()
        assert running.ended().status == 0


def stored(program: Program) -> str:
    """The text of all files that hold sessions."""
    return "".join(file.read_text(encoding="utf-8") for file in program.files())


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds. Raises AssertionError with its description."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"{what} within {PATIENCE} seconds"
        time.sleep(0.02)
