"""A transaction that is cancelled while it commits."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from storage.database.database import Database

PATIENCE = 60


@contextmanager
def cancelling_commits(database: Database) -> Iterator[None]:
    """Cancel each task when its transaction begins to commit."""

    def cancel(_: object) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()

    engine = database.engine.sync_engine
    sa.event.listen(engine, "commit", cancel)
    try:
        yield
    finally:
        sa.event.remove(engine, "commit", cancel)


async def test_waiters_are_woken_and_the_next_transaction_succeeds(database_url: str) -> None:
    async with Database(database_url) as database:
        with database.bus.subscribed("topic") as woken:

            async def write() -> None:
                async with database.write() as transaction:
                    await transaction.execute(sa.text("UPDATE session SET title = title"))
                    transaction.notify("topic")

            with cancelling_commits(database), pytest.raises(asyncio.CancelledError):
                await asyncio.create_task(write())
            assert woken.is_set()

            woken.clear()
            async with asyncio.timeout(PATIENCE):
                await write()
                await woken.wait()
