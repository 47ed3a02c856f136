"""The connections of a process to PostgreSQL: their number, their order of use, and the listener's address."""

import asyncio
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from storage.database.bus import CHANNEL, QUEUE, payloads
from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from tests.conftest import Serve
from tests.support.databases import PostgresDatabases
from tests.support.documents import assistant, codewhale, user
from tests.support.resumes import follow, resumed
from tests.support.seeding import save

PATIENCE = 60
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def elsewhere(postgres_databases: PostgresDatabases) -> Iterator[str]:
    with postgres_databases.copy() as url:
        yield url


async def test_the_listener_connects_to_its_own_address(database_url: str, elsewhere: str) -> None:
    async with (
        Database(database_url, listen_url=elsewhere) as receiver,
        Database(elsewhere) as sender,
        asyncio.timeout(PATIENCE),
    ):
        with receiver.bus.subscribed(QUEUE) as woken:
            # All waiters are woken when the listener has connected.
            await woken.wait()
            woken.clear()
            async with sender.write() as transaction:
                [payload] = payloads(sender.bus.id, [QUEUE])
                await transaction.execute(sa.select(sa.func.pg_notify(CHANNEL, payload)))
            await woken.wait()


@pytest.mark.slow
async def test_two_connections_are_enough_for_many_requests_while_seeding(database_url: str, serve: Serve) -> None:
    server = await serve(pool_size=2, seed_gate=4)
    async with Database(database_url) as database:
        for number in range(8):
            await save(database, codewhale(f"s{number}", messages=[user("Ask"), assistant("Answer")] * 200))

    tasks = await asyncio.gather(*(resumed(server.client, f"s{number}") for number in range(8)))
    answers = asyncio.gather(*(server.client.data("{ sessions { totalCount } }") for _ in range(50)))
    ends = await asyncio.gather(*(follow(server.client, task["threadId"]) for task in tasks))

    assert {states[-1]["state"] for states in ends} == {"READY"}
    assert all(answer["sessions"]["totalCount"] == 8 for answer in await answers)


async def test_readers_are_served_in_the_order_in_which_they_came(database_url: str) -> None:
    served: list[str] = []

    async def read(name: str, seconds: float = 0) -> None:
        await database.read(sleep, seconds=seconds)
        served.append(name)

    sleep = CompiledSelect(
        sa.select(sa.func.pg_sleep(sa.bindparam("seconds", type_=sa.Float()))), tuple, (), is_sqlite=False
    )
    # One connection of the two is for reading.
    async with Database(database_url, pool_size=2) as database, asyncio.timeout(PATIENCE):
        names = [f"reader {number}" for number in range(5)]
        tasks = [asyncio.create_task(read("first", 0.2)), *(asyncio.create_task(read(name)) for name in names)]
        # This one comes at the very moment in which the connection becomes free.
        tasks[0].add_done_callback(lambda _: tasks.append(asyncio.create_task(read("last"))))
        await tasks[0]
        await asyncio.sleep(0)
        await asyncio.gather(*tasks)

    assert served == ["first", *names, "last"]
