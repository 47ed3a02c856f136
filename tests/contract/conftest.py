from collections.abc import Iterator

import pytest

from tests.support.clients import command, environment, samples
from tests.support.spawned import Spawned, watched

TOKEN = "correct-horse-battery-staple"


@pytest.fixture(scope="session")
def waiting_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spawned]:
    """With the sample sessions; resumes stay QUEUED, for it seeds nothing."""
    with samples(tmp_path_factory.mktemp("waiting"), seed=False) as server:
        yield server


@pytest.fixture(scope="session")
def seeding_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spawned]:
    """With the sample sessions; seeds in small steps."""
    with samples(tmp_path_factory.mktemp("seeding"), seed_batch=50) as server:
        yield server


@pytest.fixture(scope="session")
def guarded_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spawned]:
    """Without any session; asks for TOKEN."""
    with watched(command(), environment(tmp_path_factory.mktemp("guarded"), token=TOKEN)) as server:
        yield server


@pytest.fixture(scope="session")
def token() -> str:
    """What the guarded server asks for."""
    return TOKEN
