"""A process that loses PostgreSQL for a while: others take its task over, and it recovers without a restart."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any

import pytest

from storage.database.database import Database
from tests.support.chaos import document
from tests.support.databases import SqliteDatabases
from tests.support.followers import Clients
from tests.support.hosts import Host
from tests.support.network import own_network
from tests.support.proxy import Proxy
from tests.support.resumes import READ, read, resumed
from tests.support.seeding import ThreadRows, counts, save, thread_rows, undisturbed_thread

LEASE_SECONDS = 2
TURNS = 60
# Seconds until something that hangs fails its test.
PATIENCE = 60


@pytest.fixture(scope="module")
def undisturbed(sqlite_databases: SqliteDatabases) -> ThreadRows:
    return undisturbed_thread(sqlite_databases, document("s1", TURNS))


async def wait_until_seeding(database: Database, thread_id: str, least: int = 1) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await counts(database, thread_id))[0] < least:  # noqa: ASYNC110 - this database receives no notifications
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("is_stalled", [False, True], ids=["reset", "stalled"])
async def test_a_partitioned_process_keeps_its_subscriptions_and_seeds_again_after_recovery(
    database_url: str, undisturbed: ThreadRows, is_stalled: bool, tmp_path: Path
) -> None:
    proxy = Proxy(database_url)
    async with AsyncExitStack() as resources:
        # A network namespace drops packets as a real partition does; where there is none, the proxy holds data back.
        network = resources.enter_context(own_network()) if is_stalled else None
        partition, heal = (
            (network.cut, network.heal) if network else (proxy.stall if is_stalled else proxy.cut, proxy.heal)
        )
        url = await resources.enter_async_context(proxy.serving(network.database if network else "127.0.0.1"))
        database = await resources.enter_async_context(Database(database_url))
        await save(database, document("s1", TURNS))
        await save(database, document("s2", TURNS))
        settings: dict[str, Any] = {"lease_seconds": LEASE_SECONDS, "request_seconds": 2}
        far = Host(url, tmp_path / "far.log", network, seed_batch=1, **settings)
        near = Host(database_url, tmp_path / "near.log", **settings)
        watchers = Clients([far.client], Random(0))
        seen: list[Any] = []
        try:
            assert all(await asyncio.gather(far.start(), near.start()))
            # The far process is to claim the task.
            near.freeze()
            proxy.delay = 0.002
            thread_id = (await resumed(far.client, "s1"))["threadId"]
            states = asyncio.create_task(watchers.follow(thread_id))
            log = asyncio.create_task(watchers.read_log(thread_id, seen))
            await wait_until_seeding(database, thread_id)
            near.thaw()
            assert (await read(near.client, thread_id))["state"] == "SEEDING"

            partition()
            answer = await far.client.execute(READ, {"threadId": thread_id})
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["SERVICE_UNAVAILABLE"]
            async with asyncio.timeout(PATIENCE):
                last = await Clients([near.client], Random(0)).follow(thread_id)
            assert (last["state"], last["attempt"]) == ("READY", 1)
            assert not states.done()
            assert not log.done()
            assert len(seen) < len(undisturbed.events)

            proxy.delay = 0
            heal()
            async with asyncio.timeout(PATIENCE):
                assert await states == last
                while len(seen) < len(undisturbed.events):  # noqa: ASYNC110 - a list has no event
                    await asyncio.sleep(0.02)
            assert watchers.reconnects == 0

            await near.kill()
            again = (await resumed(far.client, "s2"))["threadId"]
            async with asyncio.timeout(PATIENCE):
                assert (await watchers.follow(again))["state"] == "READY"
            for one in (thread_id, again):
                assert await counts(database, one) == (len(undisturbed.items),) * 2
                assert await thread_rows(database, one) == undisturbed
            log.cancel()
        finally:
            await far.close()
            await near.close()
