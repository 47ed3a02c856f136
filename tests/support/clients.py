"""Helpers for the suites in tests/contract that run on Node.js."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.spawned import Spawned, watched

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "tests" / "contract"
MODULES = CONTRACT / "node_modules"
# Seconds until a suite that hangs fails.
PATIENCE = 300
_CHECK = re.compile(r"^check\('(\w+)'", re.MULTILINE)

Outcomes = Mapping[str, str | None]
"""Of each check of a suite: None, or what went wrong."""


def checks(script: str) -> list[str]:
    """The names of the checks in a script; does not need Node.js."""
    return _CHECK.findall((CONTRACT / script).read_text(encoding="utf-8"))


def outcomes(script: str, *, graphql: int = 16, runtime: str | Path | None = None, **given: object) -> Outcomes:
    """Run a script of checks with this version of GraphQL.js. Raises AssertionError with its output when it fails."""
    version = [] if graphql == 16 else ["--import", f"./{(CONTRACT / f'graphql{graphql}.mjs').relative_to(ROOT)}"]
    run = node(*version, CONTRACT / script, json.dumps({"graphql": graphql, **given}), runtime=runtime)
    assert run.returncode == 0, run.stderr
    found: dict[str, str | None] = json.loads(run.stdout)
    return found


def node(
    *arguments: str | Path, folder: Path = ROOT, runtime: str | Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run Node.js in a folder: `runtime`, or the one of the PATH.

    Skips the test where Node.js or the packages of the suites are not installed.
    """
    program = runtime or shutil.which("node")
    if program is None:
        pytest.skip("Node.js is not installed")
    if not (MODULES / ".installed").is_file():
        pytest.skip("tests/contract/node_modules is not installed (`make clients` does that)")
    return subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, timeout=PATIENCE)


def environment(folder: Path, **settings: object) -> dict[str, str]:
    """The environment of a server with a free port and a database of its own; `settings` are fields of Settings."""
    settings = {"database_url": f"sqlite:///{folder / 'reprise.sqlite'}", "port": 0, **settings}
    outside = {name: value for name, value in os.environ.items() if not name.upper().startswith("REPRISE_")}
    return {**outside, **{f"REPRISE_{name.upper()}": str(value) for name, value in settings.items()}}


def command(*options: str) -> list[str]:
    """The command line of the server."""
    return [str(Path(sys.executable).with_name("reprise")), "serve", *options]


@contextmanager
def samples(folder: Path, **settings: object) -> Iterator[Spawned]:
    """A server with the sample sessions, in a process of its own."""
    with watched(command("--samples"), environment(folder, **settings)) as server:
        yield server
