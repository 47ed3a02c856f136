"""Readiness and queue lengths, for health checks and metrics. Reads have a time limit."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import TypeVar

from storage.database.database import Database
from storage.database.migrations import is_current
from storage.errors import Unavailable
from storage.records.resume_task import unfinished_counts
from storage.resume.seeding.tally import SeedTally

__all__ = ["TIMEOUT_SECONDS", "DatabaseStatus", "SeedTally"]

Answer = TypeVar("Answer")

log = logging.getLogger("reprise.readiness")

TIMEOUT_SECONDS = 2.0


class DatabaseStatus:
    """Whether one database is ready, and the length of its resume queue."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._readiness: asyncio.Task[bool] | None = None

    async def is_ready(self) -> bool:
        """Whether the database can be reached and is at the newest migration."""
        # Health checks need no token: concurrent ones share one query, so they cannot overload the database.
        if self._readiness is None:
            self._readiness = asyncio.create_task(self._check(), name="reprise-readiness")
            self._readiness.add_done_callback(self._forget)
        return await asyncio.shield(self._readiness)

    async def _check(self) -> bool:
        return await _in_time(is_current(self._database)) or False

    def _forget(self, _: asyncio.Task[bool]) -> None:
        self._readiness = None

    async def queue_lengths(self) -> dict[str, int] | None:
        """How many resume tasks are QUEUED and how many SEEDING; None when the database does not answer."""
        return await _in_time(unfinished_counts(self._database))


async def _in_time(answer: Awaitable[Answer]) -> Answer | None:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await answer
    except (Unavailable, TimeoutError):
        return None
    except Exception:
        # Health checks and metrics must answer whatever is wrong with the database.
        log.exception("Failed to read the state of the database")
        return None
