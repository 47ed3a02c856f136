"""How each of the three hands a session over: it writes the copy below the home of the program that is to continue."""

import re
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

from storage.handoff.handoff import make_handoff
from storage.handoff.new_files import place_of, write_new
from tests.agents.model_server.script import reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.codex import MODEL, Codex
from tests.agents.programs.program import Program
from tests.agents.side_by_side.sessions import Given

BRIDGE, AI_SESSIONS = "agent-session-bridge 0.5.0", "ai-sessions 3.7.4"
REPRISE = "Reprise"
_NAMES = {"CLAUDE_CODE": ("claude-code", "claude"), "CODEX": ("codex", "codex")}
# The function that its command calls, which lists only such sessions of Codex as are in a database of that program.
_AI_SESSIONS = """
import sys
from ai_sessions import harnesses
harnesses.install()
from ai_sessions.conversion import bridge
source, target, id, storage, cwd, title = sys.argv[1:]
copy = bridge(source_tool=source, target_tool=target, session_id=id, storage=storage, cwd=cwd, title=title)
print(copy.native.session_id)
"""


class Refused(Exception):
    """A session that was not handed over, and why."""


Way = Callable[[Given, Path, Program, ModelServer, Path], str]
"""Hands a session over; returns the id of the copy. Raises Refused."""


class Tools:
    """The two others, installed into a folder."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=True)
        self.bin = folder / "bin"
        wanted = [name.replace(" ", "==") for name in (BRIDGE, AI_SESSIONS)]
        subprocess.run([self.bin / "pip", "install", "-qq", "--disable-pip-version-check", *wanted], check=True)

    def run(self, program: Program, *command: object) -> "subprocess.CompletedProcess[str]":
        """Run a command in the environment of the program that continues. Raises Refused."""
        # ai-sessions asks the programs for their versions.
        links = program.home.parent / "bin"
        links.mkdir(exist_ok=True)
        name = _NAMES["CODEX" if isinstance(program, Codex) else "CLAUDE_CODE"][1]
        if not (links / name).exists():
            (links / name).symlink_to(program.executable()[0])
        environment = {**program.environment(), "PATH": f"{links}:/usr/bin:/bin"}
        run = subprocess.run(
            list(map(str, command)), env=environment, check=False, capture_output=True, text=True, cwd=program.home
        )
        if run.returncode:
            raise Refused((run.stderr or run.stdout).strip().splitlines()[-1])
        return run

    def bridge(self, given: Given, source: Path, program: Program, models: ModelServer, cwd: Path) -> str:
        """agent-session-bridge, by the commands that its help names."""
        own = _NAMES[given.source][0]
        command = self.bin / "session-bridge"
        if isinstance(program, Codex):
            # It writes into the program's database.
            models.play(reply("Hello."))
            program.run("Hello.", cwd)
            place = ("--codex-home", program.root, "--cwd", cwd, "--model", MODEL, "--model-provider", "scripted")
            run = self.run(program, command, "register-codex", "--from", own, *place, "--stub-open-calls", source)
        else:
            options = ("-o", program.home / "copy.jsonl", "--place-claude-cwd", cwd, "--stub-open-calls")
            run = self.run(program, command, "convert", "--from", own, "--to", "claude-code", *options, source)
        said = run.stdout + run.stderr
        ids = re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", said.replace(given.id, ""))
        return str(ids[-1])

    def ai_sessions(self, given: Given, source: Path, program: Program, models: ModelServer, cwd: Path) -> str:
        """ai-sessions, by the function that its command calls."""
        own = _NAMES[given.source][1]
        to = "codex" if isinstance(program, Codex) else "claude"
        words = (own, to, given.id, source, cwd, given.conversation.title)
        run = self.run(program, self.bin / "python", "-c", _AI_SESSIONS, *words)
        copy = run.stdout.strip().splitlines()[-1]
        if isinstance(program, Codex):
            # It names the provider openai, and Codex refuses to continue with another.
            [file] = program.root.rglob(f"rollout-*{copy}.jsonl")
            written = file.read_text(encoding="utf-8")
            file.write_text(
                written.replace('"model_provider":"openai"', '"model_provider":"scripted"'), encoding="utf-8"
            )
        return copy


def reprise(given: Given, source: Path, program: Program, models: ModelServer, cwd: Path) -> str:
    """Reprise."""
    to = "CODEX" if isinstance(program, Codex) else "CLAUDE_CODE"
    handoff = make_handoff(given.conversation, to, str(cwd))
    for file in handoff.files:
        write_new(place_of(program.root, file.path), file.content.encode())
    return handoff.session_id


def say(*words: object) -> None:
    """Print to standard error: the table goes to standard output."""
    print(*words, file=sys.stderr, flush=True)  # noqa: T201 - a script by hand
