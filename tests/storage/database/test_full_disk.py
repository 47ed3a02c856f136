"""A full disk is Unavailable to callers, and an error in the log."""

import logging

import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.errors import Unavailable

FILL = "INSERT INTO tombstone (session_id, source, deleted_at) VALUES ('a', :text, '2026-01-01T00:00:00.000000Z')"
FULL = "DO $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"


async def fill_disk(database: Database) -> None:
    async with database.write() as transaction:
        if database.is_sqlite:
            await transaction.connection.exec_driver_sql("PRAGMA max_page_count=1")
            await transaction.execute(sa.text(FILL), {"text": "x" * 1_000_000})
        else:
            await transaction.execute(sa.text(FULL))


async def test_a_full_disk_is_in_the_log(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async with Database(database_url) as database:
        with caplog.at_level(logging.ERROR, "reprise.database"), pytest.raises(Unavailable):
            await fill_disk(database)

        [record] = [record for record in caplog.records if record.name == "reprise.database"]
        assert "disk of the database is full" in record.getMessage()
        assert "x" * 100 not in record.getMessage()
        async with database.snapshot() as snapshot:
            assert (await snapshot.execute(sa.text("SELECT count(*) FROM tombstone"))).scalar_one() == 0
