"""Schemathesis: operations made from the schema, against the sample sessions."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.clients import ROOT, samples
from tests.support.endurance import Endurance

PATIENCE = 300
# The last says that whatever its schema allows must be accepted; cursors and ids are of narrower forms.
OPTIONS = "--phases coverage,fuzzing --max-examples 20 --generation-deterministic --continue-on-failure".split()
CHECKS = "--exclude-checks positive_data_acceptance".split()


def test_schemathesis_finds_no_failure(tmp_path: Path) -> None:
    # In a process of its own: it takes the examples out of what Hypothesis reports of any test.
    program = Path(sys.executable).with_name("schemathesis")
    with samples(tmp_path) as server:
        endurance = Endurance(server)

        run = subprocess.run(
            [program, "run", ROOT / "schema" / "schema.graphql", "--url", server.url, *OPTIONS, *CHECKS],
            env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.support.schemathesis_hooks"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

        assert run.returncode == 0, run.stdout + run.stderr
        endurance.check()
