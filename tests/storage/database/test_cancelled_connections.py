import asyncio
import gc
import os
from pathlib import Path

import pytest

from storage.database.database import Database
from tests.support.server import serving

_OPEN_FILES = Path("/proc/self/fd")


def _open_files(database_url: str) -> int:
    """How often this process has the file of a database open."""
    path = os.path.realpath(database_url.removeprefix("sqlite:///"))
    return sum(os.path.realpath(link) == path for link in _OPEN_FILES.iterdir())


async def _snapshot(database: Database) -> None:
    async with database.snapshot():
        pass


@pytest.mark.skipif(not _OPEN_FILES.exists(), reason="Only Linux lists the open files of a process there.")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_file_stays_open_when_connecting_is_cancelled(database_url: str) -> None:
    gc.disable()
    try:
        async with serving(database_url, seed=False) as server:
            database = server.app.state.database
            for open_connection in (lambda: _snapshot(database), database.readers.driver.open):
                for waits in range(5):
                    task = asyncio.ensure_future(open_connection())
                    for _ in range(waits):
                        await asyncio.sleep(0)
                    task.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await task

        async with asyncio.timeout(10):
            while _open_files(database_url):  # noqa: ASYNC110 - aiosqlite closes it in a thread
                await asyncio.sleep(0.01)
    finally:
        gc.enable()
