"""Apollo Client against a server that seeds in small steps."""

import pytest

from tests.support.clients import Outcomes, checks, outcomes
from tests.support.spawned import Spawned


@pytest.fixture(scope="module")
def checked(seeding_server: Spawned, guarded_server: Spawned) -> Outcomes:
    return outcomes("apollo.mjs", url=seeding_server.url, guardedUrl=guarded_server.url)


@pytest.mark.parametrize("check", checks("apollo.mjs"))
def test_apollo_client(checked: Outcomes, check: str) -> None:
    assert checked[check] is None, checked[check]
