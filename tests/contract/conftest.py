from collections.abc import Iterator

import pytest

from tests.support.clients import command, environment, samples
from tests.support.spawned import Spawned, watched

TOKEN = "correct-horse-battery-staple"


@pytest.fixture(scope="session")
def waiting_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spawned]:
    """A server with the sample sessions that does not seed: resumes stay QUEUED."""
    with samples(tmp_path_factory.mktemp("waiting"), seed=False) as server:
        yield server


@pytest.fixture(scope="session")
def seeding_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spawned]:
    """A server with the sample sessions that seeds in small batches."""
    with samples(tmp_path_factory.mktemp("seeding"), seed_batch=50) as server:
        yield server


@pytest.fixture(scope="session")
def guarded_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spawned]:
    """A server without sessions that requires TOKEN."""
    with watched(command(), environment(tmp_path_factory.mktemp("guarded"), token=TOKEN)) as server:
        yield server


@pytest.fixture(scope="session")
def token() -> str:
    """The token of the guarded server."""
    return TOKEN
