"""The end of a database closes all its connections, also those that a task still holds."""

import asyncio
import contextlib
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from storage.database.database import Database

Hold = Callable[[Database], contextlib.AbstractAsyncContextManager[object]]


# uvloop waits without end for open sockets when it is closed; those of SQLite are threads' files.
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("hold", [Database.snapshot, Database.write])
async def test_no_connection_stays_open_at_the_end(database_url: str, hold: Hold) -> None:
    began = asyncio.Event()

    async def use(database: Database) -> None:
        async with hold(database):
            began.set()
            await asyncio.Event().wait()

    async with Database(database_url) as database:
        using = asyncio.create_task(use(database))
        await began.wait()
    count = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
    async with Database(database_url, listens=False) as elsewhere, elsewhere.snapshot() as connection:
        assert (await connection.execute(count)).scalar_one() == 1

    using.cancel()
    await asyncio.wait([using])
