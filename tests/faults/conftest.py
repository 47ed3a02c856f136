from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.databases import DURABLE_SETTINGS, Postgres, postgres


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of this test alone, which may stop it."""
    with (
        TemporaryDirectory(prefix="reprise-", ignore_cleanup_errors=True) as folder,
        postgres(Path(folder, "postgresql"), DURABLE_SETTINGS) as server,
    ):
        yield server
