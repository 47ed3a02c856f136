"""A session that is handed over while `reprise serve --watch` runs: what the program adds is shown as a fork of it."""

import asyncio
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.agents.conftest import Prepare
from tests.agents.model_server.script import reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.claude_code import ClaudeCode
from tests.agents.programs.codex import Codex
from tests.agents.programs.gemini_cli import GeminiCli
from tests.agents.programs.opencode import OpenCode
from tests.agents.programs.pi import Pi
from tests.agents.programs.program import Program
from tests.agents.programs.qwen_code import QwenCode
from tests.agents.recording import ANSWER, PROMPT, SECOND_ANSWER, SECOND_PROMPT
from tests.agents.test_watch import forget_homes, until, watching
from tests.support.documents import assistant, user, zagens

PROGRAMS: dict[str, type[Program]] = {
    "claude-code": ClaudeCode,
    "codex": Codex,
    "gemini": GeminiCli,
    "opencode": OpenCode,
    "qwen-code": QwenCode,
    "pi": Pi,
}
PARENT = "5e551000-0000-4000-8000-00000000000b"
_IMPORT = "mutation ($document: JSON!) { importSession(input: { document: $document }) { session { id } } }"
_SESSIONS = "{ sessions(first: 10) { nodes { id source kind parent { id } } } }"


def handed_over(database_url: str, to: str, home: Path) -> list[str]:
    """The last command that `reprise handoff --write` prints: the one that starts the program."""
    run = subprocess.run(
        [Path(sys.executable).with_name("reprise"), "handoff", PARENT, "--to", to, "--write", "--home", home],
        env={**os.environ, "REPRISE_DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return [line.removeprefix("$ ") for line in run.stdout.splitlines() if line.startswith("$ ")]


# One database is enough: test_watch.py has both.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("to", PROGRAMS)
async def test_a_turn_after_a_handoff_is_shown_as_a_fork(
    to: str, prepare: Prepare, models: ModelServer, cwd: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = prepare(PROGRAMS[to])
    forget_homes(monkeypatch, program)
    async with watching(database_url) as watched:
        document = zagens(PARENT, messages=[user(PROMPT), assistant(ANSWER)], workspace=str(cwd))
        await watched.client.data(_IMPORT, document=document)

        async def copies() -> list[dict[str, Any]]:
            nodes = (await watched.client.data(_SESSIONS))["sessions"]["nodes"]
            return [node for node in nodes if node["id"] != PARENT]

        commands = await asyncio.to_thread(handed_over, database_url, to, program.root)
        for command in commands[:-1]:
            words = shlex.split(command)[1:]
            run = await asyncio.to_thread(program.command, *words, cwd=cwd)
            assert run.status == 0, run.errors
        [copy] = await until(copies, bool)
        expected = {"source": to.upper().replace("-", "_"), "kind": "FORK", "parent": {"id": PARENT}}
        assert copy == {"id": copy["id"], **expected}
        said = await watched.said(copy["id"])
        assert said == [PROMPT, ANSWER]

        models.play(reply(SECOND_ANSWER))
        await asyncio.to_thread(program.run, SECOND_PROMPT, cwd, copy["id"])

        await until(lambda: watched.said(copy["id"]), lambda found: found[-1] == SECOND_ANSWER)
        assert SECOND_PROMPT in (await watched.said(copy["id"]))[-2]
        assert await copies() == [copy]
        changes = await watched.changes()
        assert {one["sessionId"] for one in changes} == {PARENT, copy["id"]}
        assert changes[-1]["kind"] == "UPDATED"
