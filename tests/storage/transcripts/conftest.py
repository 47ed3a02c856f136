"""A database that must be consistent after each test, and a home."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database.database import Database
from storage.doctor.doctor import examine


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as opened:
        yield opened
        assert [finding.text async for finding in examine(opened, formats={})] == []


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder
