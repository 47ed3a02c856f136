from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.databases import PostgresDatabases, SqliteDatabases
from tests.support.server import Served, serving


@pytest.fixture
def database_urls(sqlite_databases: SqliteDatabases, postgres_databases: PostgresDatabases) -> Iterator[list[str]]:
    """Two empty databases of the test's own, one of each kind."""
    with sqlite_databases.copy() as sqlite, postgres_databases.copy() as postgresql:
        yield [sqlite, postgresql]


@pytest.fixture
async def servers(database_urls: list[str]) -> AsyncIterator[list[Served]]:
    """A server on each kind of database, for what must be the same on both."""
    async with serving(database_urls[0], seed=False) as sqlite, serving(database_urls[1], seed=False) as postgresql:
        yield [sqlite, postgresql]
