"""urql against a server that seeds nothing."""

import pytest

from tests.support.clients import Outcomes, checks, outcomes
from tests.support.spawned import Spawned


@pytest.fixture(scope="module")
def checked(waiting_server: Spawned) -> Outcomes:
    # urql parses documents by itself; graphql-ws needs none.
    return outcomes("urql.mjs", url=waiting_server.url)


@pytest.mark.parametrize("check", checks("urql.mjs"))
def test_urql(checked: Outcomes, check: str) -> None:
    assert checked[check] is None, checked[check]
