"""A host that freezes keeps nobody waiting, wherever it froze (I10, I13)."""

import asyncio
import time
from pathlib import Path
from random import Random

import pytest

from storage.database.database import Database
from tests.support.chaos import document
from tests.support.databases import SqliteDatabases
from tests.support.followers import Clients
from tests.support.hosts import Host
from tests.support.proxy import Proxy
from tests.support.resumes import RESUME, follow, resumed
from tests.support.seeding import ThreadRows, counts, save, thread_rows, undisturbed_thread

LEASE_SECONDS = 2
# In which the database ends a transaction that says nothing.
IDLE_SECONDS = 5
# For the machine, not for the promise: without an end to such a transaction it takes for ever.
SLACK = 6
TURNS = 50


@pytest.fixture(scope="module")
def undisturbed(sqlite_databases: SqliteDatabases) -> ThreadRows:
    return undisturbed_thread(sqlite_databases, document("s1", TURNS))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("statement", "is_sent"),
    [
        pytest.param(b"FOR UPDATE SKIP LOCKED", True, id="at the gate"),
        pytest.param(b"tool_links IS NOT NULL", False, id="between statements"),
        pytest.param(b"COPY ", True, id="while it sends rows"),
    ],
)
async def test_a_host_frozen_in_a_transaction_is_taken_over_and_does_no_harm_when_it_wakes(
    database_url: str, undisturbed: ThreadRows, statement: bytes, is_sent: bool, tmp_path: Path
) -> None:
    proxy = Proxy(database_url)
    frozen = asyncio.Event()
    async with Database(database_url) as database, proxy.serving() as url:
        await save(database, document("s1", TURNS))
        await save(database, document("s2", TURNS))
        first = Host(url, tmp_path / "first.log", seed_batch=10, lease_seconds=LEASE_SECONDS)
        second = Host(database_url, tmp_path / "second.log", lease_seconds=LEASE_SECONDS)
        try:
            assert all(await asyncio.gather(first.start(), second.start()))
            # So that the first one gets the task.
            second.freeze()

            def freeze() -> None:
                first.freeze()
                frozen.set()
                if not is_sent:
                    proxy.silence()

            proxy.at(statement, freeze)
            # Its own connections may have run out of time while it was frozen: its client asks again then.
            client = Clients([first.client], Random(0))
            asked = asyncio.create_task(client.insist(RESUME, input={"sessionId": "s1"}))
            # The second may have been stopped in a transaction of its own.
            async with asyncio.timeout(IDLE_SECONDS + SLACK):
                await frozen.wait()
            began = time.monotonic()
            second.thaw()
            task = await resumed(second.client, "s1")
            states = await follow(second.client, task["id"])
            assert time.monotonic() - began < LEASE_SECONDS + IDLE_SECONDS + SLACK
            assert (states[-1]["state"], states[-1]["attempt"]) == ("READY", 1)

            proxy.heal()
            first.thaw()
            assert (await asked)["resumeSession"]["resumeTask"]["id"] == task["id"]
            again = (await client.insist(RESUME, input={"sessionId": "s2"}))["resumeSession"]["resumeTask"]["id"]
            assert (await client.follow(again))["state"] == "READY"
            for thread_id in (task["id"], again):
                assert await counts(database, thread_id) == (len(undisturbed.items),) * 2
                assert await thread_rows(database, thread_id) == undisturbed
        finally:
            await first.close()
            await second.close()
