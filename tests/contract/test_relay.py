"""Relay's compiler on an app's documents."""

import json
import shutil
from pathlib import Path

from tests.support.clients import CONTRACT, MODULES, ROOT, node


def test_relay_compiles_an_apps_documents(tmp_path: Path) -> None:
    shutil.copytree(CONTRACT / "relay", tmp_path / "app")
    shutil.copy(ROOT / "schema" / "schema.graphql", tmp_path)
    scalars = {"BigInt": "number", "DateTime": "string", "JSON": "unknown"}
    configuration = {
        "src": "./app",
        "schema": "./schema.graphql",
        "language": "javascript",
        "artifactDirectory": "./artifacts",
        "customScalarTypes": scalars,
    }
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "relay.json").write_text(json.dumps(configuration), encoding="utf-8")

    run = node(MODULES / "relay-compiler" / "cli.js", "relay.json", "--output", "quiet-with-errors", folder=tmp_path)

    assert run.returncode == 0, run.stdout + run.stderr
    assert len(list((tmp_path / "artifacts").glob("documents*.js"))) == 8
