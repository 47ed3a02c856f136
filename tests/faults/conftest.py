from collections.abc import Iterator

import pytest

from tests.support.databases import DURABLE_SETTINGS, Postgres, postgres, scratch_folder


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of this test alone, which may stop it."""
    with scratch_folder() as folder, postgres(folder / "postgresql", DURABLE_SETTINGS) as server:
        yield server
