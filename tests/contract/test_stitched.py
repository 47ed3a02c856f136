"""A gateway of GraphQL Tools in front of a server that seeds nothing."""

import pytest

from tests.support.clients import Outcomes, checks, command, environment, outcomes
from tests.support.spawned import Spawned


@pytest.fixture(scope="module")
def checked(waiting_server: Spawned, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    own = {"command": command("--samples"), "environment": environment(tmp_path_factory.mktemp("own"), seed=False)}
    return outcomes("stitched.mjs", url=waiting_server.url, program=own)


@pytest.mark.slow
@pytest.mark.parametrize("check", checks("stitched.mjs"))
def test_stitched(checked: Outcomes, check: str) -> None:
    assert checked[check] is None, checked[check]
