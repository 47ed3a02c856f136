"""A client that reads a log more slowly than it is written neither blocks others nor misses events."""

import asyncio
import re

import pytest

from storage.database.database import Database
from storage.resume.seeding.seeder import Seeder
from storage.resume.watch import PAGE
from tests.conftest import Serve
from tests.support import seeding
from tests.support.deaf import Deaf, deaf_websocket
from tests.support.documents import assistant, user, zagens
from tests.support.resumes import resumed, save
from tests.support.seeding import PATIENCE, running
from tests.support.statements import Statements, statements

TURNS, SIZE = 800, 5_000
EVENTS = 2 * TURNS + 2
LOG = 'subscription { threadEvents(threadId: "%s", sinceSeq: 0) { seq payload } }'


async def numbers(client: Deaf) -> list[int]:
    """Of all events, in the order in which they come."""
    read = b""
    async with asyncio.timeout(PATIENCE):
        while read.count(b'"seq"') < EVENTS:
            read += await client.receive(100_000)
    return [int(seq) for seq in re.findall(rb'"seq":"?(\d+)', read)]


def pages(ran: Statements) -> int:
    """How often a log was read."""
    return sum("FROM thread_event" in statement for statement in ran)


@pytest.mark.slow
async def test_unread_events_stay_in_the_database_until_the_client_reads_them(serve: Serve) -> None:
    server = await serve(seed=False)
    database: Database = server.app.state.database
    messages = [message for number in range(TURNS) for message in (user(f"Ask {number}"), assistant("x" * SIZE))]
    thread_id = (await resumed(server.client, await save(server.client, zagens("s1", messages=messages))))["threadId"]
    with statements(server) as ran:
        async with deaf_websocket(server.url) as client:
            operation = {"query": LOG % thread_id}
            await client.send_message({"id": "1", "type": "subscribe", "payload": operation})
            async with running(Seeder(database, batch_messages=400)):
                assert (await seeding.final_state(database, thread_id)).state == "READY"
            before = -1
            while pages(ran) > before:
                before = pages(ran)
                await asyncio.sleep(0.3)
            # Not even half of the fewest that it takes to read all.
            assert 0 < pages(ran) < EVENTS / PAGE / 2
            assert await numbers(client) == list(range(1, EVENTS + 1))
