"""What those who operate the server ask of it. An answer that takes too long is none."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import TypeVar

from storage.database.database import Database
from storage.database.migrations import is_current
from storage.errors import Unavailable
from storage.records.resume_task import unfinished_counts
from storage.resume.seeding.tally import SeedTally

__all__ = ["PATIENCE", "Operating", "SeedTally"]

Answer = TypeVar("Answer")

log = logging.getLogger("reprise.operating")

PATIENCE = 2.0
"""Seconds."""


class Operating:
    """The state of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._readiness: asyncio.Task[bool] | None = None

    async def is_ready(self) -> bool:
        """Whether the database can be reached and stands at the newest migration."""
        # Anybody may ask, as often as they like: all who ask at a time share one look.
        if self._readiness is None:
            self._readiness = asyncio.create_task(self._look(), name="reprise-readiness")
            self._readiness.add_done_callback(self._looked)
        return await asyncio.shield(self._readiness)

    async def _look(self) -> bool:
        return await _in_time(is_current(self._database)) or False

    def _looked(self, _: asyncio.Task[bool]) -> None:
        self._readiness = None

    async def queue_lengths(self) -> dict[str, int] | None:
        """How many resume tasks are QUEUED and how many SEEDING; None when the database does not say."""
        return await _in_time(unfinished_counts(self._database))


async def _in_time(answer: Awaitable[Answer]) -> Answer | None:
    try:
        async with asyncio.timeout(PATIENCE):
            return await answer
    except (Unavailable, TimeoutError):
        return None
    except Exception:
        # Whoever looks after the server needs an answer whatever has befallen the database.
        log.exception("the database's state could not be read")
        return None
