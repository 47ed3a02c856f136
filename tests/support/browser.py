"""Chromium, driven by the visits of a folder: `visits.mjs`, run by Node.js."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
# What `make browser` builds and installs.
BUILT = (
    "server/reader/index.html",
    "server/playground/dist/index.html",
    "tests/playground/node_modules/.installed",
    "tests/reader/node_modules/.installed",
)
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# Seconds until a visit that hangs fails.
PATIENCE = 120


class Missing(Exception):
    """A program or a build that visits need is missing."""


def visit(folder: Path, name: str, url: str, **given: Any) -> dict[str, Any]:
    """What the visit of that name in `folder` saw at `url`.

    Raises Missing, and AssertionError with what the visit said when it does not come to its end.
    """
    chromium = next(filter(None, map(shutil.which, PROGRAMS)), None)
    node = shutil.which("node")
    if chromium is None:
        raise Missing("there is no Chromium (Debian: apt-get install --no-install-recommends chromium)")
    if node is None:
        raise Missing("there is no Node.js on the PATH")
    if not all((ROOT / path).is_file() for path in BUILT):
        raise Missing("the pages or what drives the browser are not built (`make browser` does that)")
    arguments = json.dumps({"chromium": chromium, "url": url, **given}, default=str)
    run = subprocess.run(
        [node, folder / "visits.mjs", name, arguments], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert run.returncode == 0, run.stderr
    seen: dict[str, Any] = json.loads(run.stdout)
    return seen


def seen_by(folder: Path, name: str, url: str, *, expected: tuple[str, ...] = (), **given: Any) -> dict[str, Any]:
    """What a visit saw; nothing went wrong in it, and nothing was asked of another server.

    Skips the test where Node.js, the browser or the page is not there, and says which.
    `expected`: parts of complaints that belong to the visit, such as a refused request, of which Chromium tells the
    console.
    """
    try:
        seen = visit(folder, name, url, **given)
    except Missing as missing:
        pytest.skip(str(missing))
    assert seen["foreign"] == []
    assert [complaint for complaint in seen["complaints"] if not any(part in complaint for part in expected)] == []
    return seen


def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds, such as that a visit has written a file."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
