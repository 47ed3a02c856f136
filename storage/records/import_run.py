"""Imports of files that are running, in this process or another."""

import functools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.tables.import_run import import_run
from storage.database.types import Instant

STALE_SECONDS = 60
"""Age of a row whose process has ended without removing it: a running import writes it every few seconds."""


class ImportRunRow(NamedTuple):
    """How far an import is. `source` is the agent whose files are read, None for session documents."""

    id: str
    source: str | None
    files_done: int
    files_total: int
    bytes_done: int
    bytes_total: int
    started_at: datetime
    updated_at: datetime

    @property
    def bytes_per_second(self) -> float | None:
        """The mean rate; None before anything is read."""
        seconds = (self.updated_at - self.started_at).total_seconds()
        return self.bytes_done / seconds if self.bytes_done and seconds > 0 else None

    @property
    def seconds_left(self) -> int | None:
        """How long the rest takes at this rate, at most what a GraphQL Int holds; None before anything is read."""
        rate = self.bytes_per_second
        left = max(0, self.bytes_total - self.bytes_done)
        return None if rate is None else min(round(left / rate), 2**31 - 1)


async def running_imports(database: Database) -> Sequence[ImportRunRow]:
    """The imports that are running, longest first. Raises Unavailable."""
    since = datetime.now(UTC) - timedelta(seconds=STALE_SECONDS)
    return await database.read(_running(is_sqlite=database.is_sqlite), since=since)


@functools.lru_cache
def _running(*, is_sqlite: bool) -> CompiledSelect[ImportRunRow]:
    statement = (
        sa.select(*(import_run.c[name] for name in ImportRunRow._fields))
        .where(import_run.c.updated_at >= sa.bindparam("since", type_=Instant()))
        .order_by(import_run.c.started_at, import_run.c.id)
    )
    return CompiledSelect(statement, ImportRunRow, ImportRunRow._fields, is_sqlite=is_sqlite)
