"""A host that freezes inside a transaction: another one takes its task over, and writes what it would have written."""

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
# After which PostgreSQL ends an idle transaction (idle_in_transaction_session_timeout).
IDLE_SECONDS = 5
# Seconds for a slow machine; without that timeout the other host would wait for ever.
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
async def test_a_task_of_a_frozen_host_is_taken_over_and_written_once(
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
            # The first host is to claim the task.
            second.freeze()

            def freeze() -> None:
                first.freeze()
                frozen.set()
                if not is_sent:
                    proxy.stall()

            proxy.at(statement, freeze)
            # The connections of a frozen host may have timed out, so its client retries.
            client = Clients([first.client], Random(0))
            asked = asyncio.create_task(client.insist(RESUME, input={"sessionId": "s1"}))
            # The second host may have been stopped inside a transaction of its own.
            async with asyncio.timeout(IDLE_SECONDS + SLACK):
                await frozen.wait()
            began = time.monotonic()
            second.thaw()
            task = await resumed(second.client, "s1")
            states = await follow(second.client, task["threadId"])
            assert time.monotonic() - began < LEASE_SECONDS + IDLE_SECONDS + SLACK
            assert (states[-1]["state"], states[-1]["attempt"]) == ("READY", 1)

            proxy.heal()
            first.thaw()
            assert (await asked)["resumeSession"]["resumeTask"]["threadId"] == task["threadId"]
            again = (await client.insist(RESUME, input={"sessionId": "s2"}))["resumeSession"]["resumeTask"]["threadId"]
            assert (await client.follow(again))["state"] == "READY"
            for thread_id in (task["threadId"], again):
                assert await counts(database, thread_id) == (len(undisturbed.items),) * 2
                assert await thread_rows(database, thread_id) == undisturbed
        finally:
            await first.close()
            await second.close()
