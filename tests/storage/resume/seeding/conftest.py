from collections.abc import AsyncIterator

import pytest

from storage.database.database import Database


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The test's database, opened as a server opens it."""
    async with Database(database_url) as opened:
        yield opened
