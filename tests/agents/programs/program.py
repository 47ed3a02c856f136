"""The base class of agents' programs: how they are found, started and ended."""

import json
import os
import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from tests.agents.isolation import Isolation
from tests.agents.model_server.script import Call

FOLDER = Path(__file__).parents[1]
MODULES = FOLDER / "node_modules"
PINNED: Mapping[str, str] = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["dependencies"]
# Seconds until a program that hangs fails its test: on a busy machine a start takes long.
PATIENCE = 240
# The proxy for all that is not for the model server: nothing listens on this port.
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Run:
    """A program's run that has ended."""

    status: int
    output: str
    errors: str
    seconds: float


@dataclass(frozen=True)
class Running:
    """A program that runs; its output is in two files, so that no full pipe blocks it."""

    process: "subprocess.Popen[bytes]"
    output: Path
    errors: Path
    started: float

    def ended(self, timeout: float = PATIENCE) -> Run:
        """Wait for the end. Raises subprocess.TimeoutExpired."""
        status = self.process.wait(timeout)
        output, errors = (path.read_text(encoding="utf-8", errors="replace") for path in (self.output, self.errors))
        return Run(status, output, errors, time.monotonic() - self.started)


class Program(ABC):
    """An agent's program with a home of its own, whose model is a server of the test."""

    name: ClassVar[str]
    package: ClassVar[str]

    def __init__(self, folder: Path, isolation: Isolation, models: str) -> None:
        """The home is made below `folder`; `models` is the URL of the model server."""
        self.home = folder / "home"
        self.models = models
        self._folder = folder
        self._isolation = isolation
        for made in (self.home, folder / "tmp"):
            made.mkdir(parents=True)
        self.prepare()

    @classmethod
    def version(cls) -> str:
        """The version that package.json pins."""
        return PINNED[cls.package]

    @classmethod
    @abstractmethod
    def executable(cls) -> list[str]:
        """The command without arguments. Raises FileNotFoundError where the program is not installed."""

    @property
    @abstractmethod
    def root(self) -> Path:
        """The folder of the program's settings and sessions, such as `~/.claude`."""

    @abstractmethod
    def prepare(self) -> None:
        """Write the settings into the home."""

    @abstractmethod
    def settings(self) -> dict[str, str]:
        """The environment variables that the program needs, a dummy key among them."""

    @abstractmethod
    def arguments(self, prompt: str, resume: str | None) -> list[str]:
        """The arguments for one prompt, in a new session or in the one of an id."""

    @abstractmethod
    def files(self) -> list[Path]:
        """The files that hold sessions, oldest first."""

    @abstractmethod
    def session_id(self, file: Path) -> str:
        """The id of the session in a file, as `run(resume=...)` takes it."""

    @abstractmethod
    def shell(self, command: str) -> Call:
        """A call of the program's tool that runs a command."""

    def environment(self) -> dict[str, str]:
        """The whole environment. Only the PATH is inherited."""
        return {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "TMPDIR": str(self._folder / "tmp"),
            "TZ": "UTC",
            "NO_COLOR": "1",
            **{name: NOWHERE for proxy in ("HTTP_PROXY", "HTTPS_PROXY") for name in (proxy, proxy.lower())},
            **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
            **self.settings(),
        }

    def run(self, prompt: str, cwd: Path, resume: str | None = None) -> Run:
        """Run the program for one prompt. Raises AssertionError where it fails."""
        with self.start(self.arguments(prompt, resume), cwd) as running:
            run = running.ended()
        assert run.status == 0, f"{self.name} ended with status {run.status}:\n{run.output}\n{run.errors}"
        return run

    def command(self, *arguments: str, cwd: Path) -> Run:
        """Run the program with any arguments."""
        with self.start(list(arguments), cwd) as running:
            return running.ended()

    @contextmanager
    def start(self, arguments: list[str], cwd: Path) -> Iterator[Running]:
        """Start the program; at the end of the block its process group is killed."""
        number = len(list(self._folder.glob("*.output")))
        output, errors = (self._folder / f"{number}.{kind}" for kind in ("output", "errors"))
        with output.open("wb") as to_output, errors.open("wb") as to_errors:
            process = subprocess.Popen(
                [*self._isolation.within, *self.executable(), *arguments],
                cwd=cwd,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=to_output,
                stderr=to_errors,
                start_new_session=True,
            )
        try:
            yield Running(process, output, errors, time.monotonic())
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    @contextmanager
    def connected(self, arguments: list[str], cwd: Path) -> Iterator["subprocess.Popen[str]"]:
        """Start the program as a server of its input and output; the end of the block kills its process group."""
        with (self._folder / "server.errors").open("ab") as errors:
            process = subprocess.Popen(
                [*self._isolation.within, *self.executable(), *arguments],
                cwd=cwd,
                env=self.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                text=True,
            )
        with process:
            try:
                yield process
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def native(pattern: str) -> list[str]:
    """A program that is one executable in the package of this platform."""
    found = sorted(MODULES.glob(pattern))
    if not found:
        raise FileNotFoundError(f"No {pattern} in {MODULES}")
    return [str(found[0])]


def on_node(script: str) -> list[str]:
    """A program that runs on Node.js."""
    node = shutil.which("node")
    if node is None:
        raise FileNotFoundError("Node.js is not on the PATH")
    if not (MODULES / script).is_file():
        raise FileNotFoundError(f"No {script} in {MODULES}")
    return [node, str(MODULES / script)]


def need(program: type[Program]) -> None:
    """Skip the test where the programs are not installed.

    Raises FileNotFoundError where only this one is missing: npm leaves out the executable of a platform without an
    error when it cannot have it. Raises AssertionError where it is not of the pinned version.
    """
    if not (MODULES / ".installed").is_file():
        pytest.skip("tests/agents/node_modules is not installed (`make agents` does that)")
    program.executable()
    installed = json.loads((MODULES / program.package / "package.json").read_text(encoding="utf-8"))["version"]
    assert installed == program.version(), f"{program.package} is of version {installed}"
