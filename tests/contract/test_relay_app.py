"""An app on Relay's runtime, with the environment and the component of docs/api.md."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browser import BUILT, PROGRAMS
from tests.support.clients import CONTRACT, MODULES, ROOT, Outcomes, checks, node, outcomes, samples
from tests.support.docs import API, COMPONENT, blocks

# It compiles and bundles an app.
pytestmark = pytest.mark.slow
LOCAL = "127.0.0.1:8000"
ORIGIN = "http://localhost:3000"
SESSION = "49f1c7e2-3916-41df-93d3-8b6347e37c09"


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcomes]:
    with samples(tmp_path_factory.mktemp("samples")) as server:
        bundle = built(tmp_path_factory.mktemp("relay"), server.address, "node")
        yield outcomes("relay_app.mjs", bundle=str(bundle), url=server.url, sessionId=SESSION)


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcomes]:
    chromium = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if chromium is None or not all((ROOT / path).is_file() for path in BUILT):
        pytest.skip("there is no Chromium, or what drives it is not installed (`make browser` does that)")
    with samples(tmp_path_factory.mktemp("samples"), allowed_origins=ORIGIN) as server:
        bundle = built(tmp_path_factory.mktemp("relay"), server.address, "browser")
        yield outcomes(
            "relay_browser.mjs",
            bundle=str(bundle),
            url=server.url,
            sessionId=SESSION,
            origin=ORIGIN,
            chromium=chromium,
        )


@pytest.mark.parametrize("check", checks("relay_browser.mjs"))
def test_relay_in_a_browser(visited: Outcomes, check: str) -> None:
    assert visited[check] is None, visited[check]


@pytest.mark.parametrize("check", checks("relay_app.mjs"))
def test_relay(checked: Outcomes, check: str) -> None:
    assert checked[check] is None, checked[check]


def built(folder: Path, address: str, target: str) -> Path:
    """The bundle of the app for a server."""
    app = folder / "app"
    shutil.copytree(CONTRACT / "relay_app", app)
    for name, block in zip(("environment.jsx", "transcript.jsx"), documented(), strict=True):
        (app / name).write_text(block.replace(LOCAL, address), encoding="utf-8")
    (folder / "node_modules").symlink_to(MODULES, target_is_directory=True)
    (app / "artifacts").mkdir()
    configuration = {
        "src": "./app",
        "schema": str(ROOT / "schema" / "schema.graphql"),
        "language": "javascript",
        "artifactDirectory": "./app/artifacts",
        "eagerEsModules": True,
        "customScalarTypes": {"BigInt": "number", "DateTime": "string", "JSON": "unknown"},
    }
    (folder / "relay.json").write_text(json.dumps(configuration), encoding="utf-8")
    compiler = node(MODULES / "relay-compiler" / "cli.js", "relay.json", "--output", "quiet-with-errors", folder=folder)
    assert compiler.returncode == 0, compiler.stdout + compiler.stderr
    shutil.copy(CONTRACT / "relay_app.config.mjs", folder)
    vite = subprocess.run(
        ["node", MODULES / "vite" / "bin" / "vite.js", "build", "--config", "relay_app.config.mjs"],
        cwd=folder,
        env={**os.environ, "APP": str(app), "TARGET": target},
        capture_output=True,
        text=True,
    )
    assert vite.returncode == 0, vite.stdout + vite.stderr
    return app / "dist" / "main.mjs"


def documented() -> list[str]:
    """The environment and the component."""
    return [block.text for block in blocks(API) if block.language == COMPONENT]
