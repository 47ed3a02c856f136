"""graphql-ws, the reference client of graphql-transport-ws, against a server that seeds nothing."""

import pytest

from tests.support.clients import Outcomes, checks, command, environment, outcomes
from tests.support.spawned import Spawned


@pytest.fixture(scope="module")
def checked(
    waiting_server: Spawned, guarded_server: Spawned, token: str, tmp_path_factory: pytest.TempPathFactory
) -> Outcomes:
    own = {"command": command("--samples"), "environment": environment(tmp_path_factory.mktemp("own"), seed=False)}
    return outcomes("sockets.mjs", url=waiting_server.url, guardedUrl=guarded_server.url, token=token, program=own)


@pytest.mark.slow
@pytest.mark.parametrize("check", checks("sockets.mjs"))
def test_graphql_ws(checked: Outcomes, check: str) -> None:
    assert checked[check] is None, checked[check]
