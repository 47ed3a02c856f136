"""PostgreSQL gathers what is to be indexed, and sorts it in when that is much: here beside a long import, not in it.

What is gathered is found too, but each search looks through all of it.
"""

import asyncio
import contextlib
from types import TracebackType

import sqlalchemy as sa

from storage.database import Database, Transaction

_gather = sa.select(sa.func.set_config("gin_pending_list_limit", "256MB", sa.true()))
_settle = sa.select(sa.func.gin_clean_pending_list("search_part_lexemes"))


async def gather(transaction: Transaction) -> None:
    """Leave the sorting in to a Settler until the transaction ends."""
    if not transaction.is_sqlite:
        await transaction.execute(_gather)


class Settler:
    """Sorts in what is gathered. `async with` ends what is going on."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._settling: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Settler":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._settling is not None and not self._settling.done():
            self._settling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._settling

    async def begin(self) -> None:
        """Sort in what is there while others go on, unless that is being done. Raises Unavailable."""
        if self._settling is None or self._settling.done():
            await self._ended()
            self._settling = asyncio.create_task(self._settle())

    async def finish(self) -> None:
        """Sort in everything. Raises Unavailable."""
        await self._ended()
        await self._settle()

    async def _ended(self) -> None:
        if self._settling is not None:
            await self._settling

    async def _settle(self) -> None:
        if not self._database.is_sqlite:
            async with self._database.write() as transaction:
                await transaction.execute(_settle)
