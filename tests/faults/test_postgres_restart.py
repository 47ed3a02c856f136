"""PostgreSQL restarts or crashes while a server seeds: the server recovers without a restart."""

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import pytest

from storage.database.database import Database
from tests.support.chaos import document
from tests.support.databases import Postgres, SqliteDatabases, migrated
from tests.support.followers import Clients
from tests.support.hosts import Host
from tests.support.resumes import READ, resumed
from tests.support.seeding import ThreadRows, counts, save, thread_rows, undisturbed_thread

TURNS = 60
# Seconds until something that hangs fails its test.
PATIENCE = 60


@pytest.fixture(scope="module")
def undisturbed(sqlite_databases: SqliteDatabases) -> ThreadRows:
    return undisturbed_thread(sqlite_databases, document("s1", TURNS))


async def test_a_resume_and_its_subscriptions_survive_a_stop_and_a_crash_of_postgresql(
    own_postgres: Postgres, undisturbed: ThreadRows, tmp_path: Path
) -> None:
    await migrated(own_postgres.url)
    async with Database(own_postgres.url) as database:
        await save(database, document("s1", TURNS))
    host = Host(own_postgres.url, tmp_path / "log", seed_batch=1, lease_seconds=2)
    watchers, seen = Clients([host.client], Random(0)), list[Any]()
    try:
        assert await host.start()
        thread_id = (await resumed(host.client, "s1"))["threadId"]
        states = asyncio.create_task(watchers.follow(thread_id))
        log = asyncio.create_task(watchers.read_log(thread_id, seen))
        for mode in ("fast", "immediate"):
            had = len(seen)
            async with asyncio.timeout(PATIENCE):
                while len(seen) < had + 20:  # noqa: ASYNC110 - a list has no event
                    await asyncio.sleep(0.01)
            await asyncio.to_thread(own_postgres.stop, mode)
            answer = await host.client.execute(READ, {"threadId": thread_id})
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["SERVICE_UNAVAILABLE"]
            assert not states.done()
            await asyncio.to_thread(own_postgres.start)
        async with asyncio.timeout(PATIENCE):
            last = await states
            while len(seen) < len(undisturbed.events):  # noqa: ASYNC110 - a list has no event
                await asyncio.sleep(0.01)
        assert (last["state"], last["attempt"], watchers.reconnects) == ("READY", 1, 0)
        log.cancel()
        async with Database(own_postgres.url) as database:
            assert await counts(database, thread_id) == (len(undisturbed.items),) * 2
            assert await thread_rows(database, thread_id) == undisturbed
    finally:
        await host.close()
