"""graphql-sse, the reference client of GraphQL over server-sent events, against a server that seeds nothing."""

import pytest

from tests.support.clients import Outcomes, checks, command, environment, outcomes
from tests.support.spawned import Spawned


@pytest.fixture(scope="module")
def checked(
    waiting_server: Spawned, guarded_server: Spawned, token: str, tmp_path_factory: pytest.TempPathFactory
) -> Outcomes:
    own = {"command": command("--samples"), "environment": environment(tmp_path_factory.mktemp("own"), seed=False)}
    urls = {"url": waiting_server.url, "guardedUrl": guarded_server.url}
    return outcomes("event_streams.mjs", graphql=16, runtime=None, token=token, program=own, **urls)


@pytest.mark.slow
@pytest.mark.parametrize("check", checks("event_streams.mjs"))
def test_graphql_sse(checked: Outcomes, check: str) -> None:
    assert checked[check] is None, checked[check]
