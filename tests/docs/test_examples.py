"""That README.md is true: its commands and examples run as written and print what stands there."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.documents import FILES
from tests.support.readme import README, blocks, settings_block, settings_table
from tests.support.spawned import spawned

MAKEFILE = (README.parent / "Makefile").read_text(encoding="utf-8")
ADDRESS = "127.0.0.1:8000"
PATIENCE = 60
# What `make serve` starts is started here; the others run this test, take minutes or write into the project.
EXEMPT = {
    "make serve",
    "make test",
    "make lint",
    "make types",
    "make soak",
    "make bench",
    "make bench-search",
    "make bench-sockets",
    "make bench-scale",
    "make schema",
    "make playground",
    "make screenshot",
    "make wheel",
    "make lock",
}
SERVE = ("reprise", "serve", "--samples")
MARK = "=== the next block of README.md ==="
_COMMENT = re.compile(r" +# .*$", re.MULTILINE)
_THREAD_ID = re.compile("thr_[0-9a-f]{32}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Stands for the project's folder and for a home with saved sessions."""
    (tmp_path / ".venv").symlink_to(sys.prefix, target_is_directory=True)
    for agent in ("zagens", "codewhale"):
        shutil.copytree(FILES / agent, tmp_path / f".{agent}" / "sessions")
    return tmp_path


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "HOME": str(folder),
        "REPRISE_DATABASE_URL": f"sqlite:///{folder / 'reprise.sqlite'}",
        "REPRISE_PORT": "0",
        "no_proxy": "127.0.0.1",
    }


@pytest.fixture
def address(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Where a server listens that was started as `make serve` does."""
    assert f"\n\t$(BIN)/{' '.join(SERVE)}\n" in MAKEFILE
    with spawned([folder / ".venv" / "bin" / SERVE[0], *SERVE[1:]], environment, folder) as address:
        yield address


def test_every_command_and_example_runs_as_written(address: str, environment: dict[str, str], folder: Path) -> None:
    script = "\n".join(f"{text}echo; echo '{MARK}'" for text, _ in examples())

    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(ADDRESS, address)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )

    assert run.returncode == 0, run.stderr
    outputs = run.stdout.split(MARK)[:-1]
    for output, (_, promised) in zip(outputs, examples(), strict=True):
        assert comparable(output, promised) == comparable(promised, promised)
    exported = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    assert exported["metadata"]["title"] == "Split customer.name without downtime"


def test_every_make_command_is_one_of_the_makefile() -> None:
    named = {line for language, text in blocks() if language == "sh" for line in commands(text) if is_make(line)}

    assert named <= EXEMPT
    assert all(re.search(f"^{command.split()[1]}:", MAKEFILE, re.MULTILINE) for command in named)


def test_every_block_is_a_command_or_its_output() -> None:
    languages = [language for language, _ in blocks()]

    assert set(languages) == {"sh", "json", "text"}
    assert all(before == "sh" for before, language in pairwise(languages) if language != "sh")


def test_the_table_of_settings_is_what_the_code_says() -> None:
    assert settings_block() == settings_table(), "run `python -m tests.support.readme`"


def examples() -> list[tuple[str, str]]:
    """Each block of commands with the output that stands below it, empty where none does; without exempt commands."""
    found: list[tuple[str, str]] = []
    for language, text in blocks():
        if language == "sh":
            if not all(command in EXEMPT for command in commands(text)):
                found.append((text, ""))
        else:
            found[-1] = (found[-1][0], text)
    return found


def commands(text: str) -> list[str]:
    return _COMMENT.sub("", text).splitlines()


def is_make(command: str) -> bool:
    return command.startswith("make ")


def comparable(output: str, promised: str) -> object:
    """What must agree: the JSON value, or the last line of text. Threads are named anew each time."""
    if promised.startswith("{\n"):
        return json.loads(_THREAD_ID.sub("thr_", output))
    return output.strip().splitlines()[-1:] if promised else None
