"""Chromium, driven by `visits.mjs`."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BUILT = HERE.parents[1] / "server" / "playground" / "dist" / "index.html"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# Seconds until a visit that hangs fails.
PATIENCE = 120


class Missing(Exception):
    """A program or a build that visits need is missing."""


def visit(name: str, url: str, **given: Any) -> dict[str, Any]:
    """What the visit of that name saw at the playground of `url`, the address of a GraphQL endpoint.

    Raises Missing, and AssertionError with what the visit said when it does not come to its end.
    """
    chromium = next(filter(None, map(shutil.which, PROGRAMS)), None)
    node = shutil.which("node")
    if chromium is None:
        raise Missing("there is no Chromium (Debian: apt-get install --no-install-recommends chromium)")
    if node is None:
        raise Missing("there is no Node.js on the PATH")
    if not BUILT.is_file() or not (HERE / "node_modules" / ".installed").is_file():
        raise Missing("the playground or what drives the browser is not built (`make browser` does that)")
    arguments = json.dumps({"chromium": chromium, "url": url, **given}, default=str)
    run = subprocess.run(
        [node, HERE / "visits.mjs", name, arguments], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert run.returncode == 0, run.stderr
    seen: dict[str, Any] = json.loads(run.stdout)
    return seen
