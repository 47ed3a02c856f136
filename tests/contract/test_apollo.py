"""Apollo Client against a server that seeds in small steps."""

from collections.abc import Iterator

import pytest

from tests.support.clients import Outcomes, checks, outcomes, samples
from tests.support.spawned import Spawned

# `make test` runs urql.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=[16, 17], ids=["graphql16", "graphql17"])
def checked(
    request: pytest.FixtureRequest, guarded_server: Spawned, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Outcomes]:
    # The checks rename, resume and delete sessions.
    with samples(tmp_path_factory.mktemp("apollo"), seed_batch=50) as server:
        yield outcomes("apollo.mjs", graphql=request.param, url=server.url, guardedUrl=guarded_server.url)


@pytest.mark.parametrize("check", checks("apollo.mjs"))
def test_apollo_client(checked: Outcomes, check: str) -> None:
    assert checked[check] is None, checked[check]
