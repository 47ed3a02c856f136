"""What a server does beside answering requests."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from server.services import create_database, create_seeder, running
from server.settings import Settings
from storage.errors import DamagedDatabase

# Seconds until a test that hangs fails.
PATIENCE = 60


@pytest.mark.parametrize(
    ("work", "text"),
    [
        ("storage.transcripts.watch.Watch.run", "Watching the agents' homes has ended"),
        ("storage.resume.seeding.seeder.Seeder.run", "Seeding has ended"),
        ("server.services.keep_derived", "The derivation of sessions of older versions has ended"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_error_that_ends_work_in_the_background_is_in_the_log_at_once(
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    work: str,
    text: str,
) -> None:
    async def broken(*_: Any) -> None:
        raise DamagedDatabase("The database file is damaged.")

    monkeypatch.setattr(work, broken)
    settings = Settings(database_url=database_url, watch=(tmp_path,))
    database = create_database(settings)
    seeder, traces = create_seeder(settings, database)

    def reported() -> list[logging.LogRecord]:
        return [record for record in caplog.records if text in record.getMessage()]

    async def run() -> None:
        async with running(settings, database, seeder, traces), asyncio.timeout(PATIENCE):
            while not reported():  # noqa: ASYNC110 - a log has no event
                await asyncio.sleep(0.01)

    with pytest.raises(DamagedDatabase):
        await run()

    [record] = reported()
    assert record.levelname == "ERROR"
    assert record.exc_info is not None
