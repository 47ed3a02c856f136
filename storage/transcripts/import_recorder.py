"""Records in the database how far an import is, for the clients of every server on it."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from storage.database.background import in_background
from storage.database.database import Database
from storage.database.tables.import_run import import_run
from storage.errors import Unavailable
from storage.records.import_run import STALE_SECONDS

STEP_SECONDS = 1.0
"""How often a row is written. An import that is shorter writes none."""


class ImportRecorder:
    """Counts what was imported; `recording` writes the counts."""

    def __init__(self, database: Database, file_count: int, size: int) -> None:
        self._database = database
        self._id = uuid.uuid4().hex
        self._source: str | None = None
        self._files_done = 0
        self._file_count = file_count
        self._bytes_done = 0
        self._size = size
        self._started_at = datetime.now(UTC)
        # Set before the first transaction: one that is cancelled at its end may have been committed.
        self._may_be_stored = False

    def begin(self, source: str | None) -> None:
        """Continue with the files of an agent, or with session documents."""
        self._source = source

    def advance(self, file_count: int, size: int) -> None:
        """Count files and their bytes that were imported or refused."""
        self._files_done += file_count
        self._bytes_done += size

    async def write(self) -> None:
        """Write a row every second until the task is cancelled."""
        while True:
            await asyncio.sleep(STEP_SECONDS)
            # The import itself reports that the database is unavailable.
            with contextlib.suppress(Unavailable):
                await self._write()

    async def remove(self) -> None:
        """Remove the row. Raises Unavailable."""
        if self._may_be_stored:
            async with self._database.write() as transaction:
                await transaction.execute(sa.delete(import_run).where(import_run.c.id == self._id))

    async def _write(self) -> None:
        self._may_be_stored = True
        now = datetime.now(UTC)
        row = {
            "id": self._id,
            "source": self._source,
            "files_done": self._files_done,
            "files_total": max(self._file_count, self._files_done),
            "bytes_done": self._bytes_done,
            "bytes_total": max(self._size, self._bytes_done),
            "started_at": self._started_at,
            "updated_at": now,
        }
        is_own, is_stale = import_run.c.id == self._id, import_run.c.updated_at < now - timedelta(seconds=STALE_SECONDS)
        async with self._database.write() as transaction:
            await transaction.execute(sa.delete(import_run).where(is_own | is_stale))
            await transaction.execute(sa.insert(import_run).values(row))


@contextlib.asynccontextmanager
async def recording(database: Database, file_count: int, size: int) -> AsyncIterator[ImportRecorder]:
    """Record an import of so many files and bytes while the block runs. Raises Unavailable."""
    recorder = ImportRecorder(database, file_count, size)
    try:
        async with in_background(recorder.write(), "reprise-import-recorder"):
            yield recorder
    finally:
        await recorder.remove()
