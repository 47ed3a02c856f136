"""Subscriptions to a task that another process seeds, by polling: there is no LISTEN."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.resume.resume import cancel_resume
from tests.conftest import Serve
from tests.support.documents import Document, assistant, codewhale, user
from tests.support.followers import LOG
from tests.support.process import program, seeding_program
from tests.support.proxy import Proxy
from tests.support.resumes import WATCH, cancel, resumed, save
from tests.support.server import Served, serving
from tests.support.statements import statements

TURNS = 300
SECONDS = 0.05
# Seconds until something that hangs fails its test.
PATIENCE = 60
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def document(id: str, turns: int = TURNS) -> Document:
    messages = [message for number in range(turns) for message in (user(f"Ask {number}"), assistant("Answer"))]
    return codewhale(id, messages=messages)


@pytest.mark.slow
async def test_states_and_events_written_by_another_process_are_sent(database_url: str) -> None:
    settings: dict[str, Any] = {"poll_seconds": SECONDS, "lease_seconds": 1}
    async with program(database_url, "--no-seed", **settings) as serving:
        client = serving.client
        thread_id = (await resumed(client, await save(client, document("s1"))))["threadId"]
        states, events = list[Any](), list[Any]()

        async def follow() -> None:
            async for payload in client.subscribe(WATCH, {"threadId": thread_id}):
                states.append(payload["data"]["resumeTask"])

        async def read_log() -> None:
            async with aclosing(client.subscribe(LOG, {"threadId": thread_id, "sinceSeq": 0})) as payloads:
                while len(events) < 2 * TURNS + 2:
                    events.append((await anext(payloads))["data"]["threadEvents"])

        following = asyncio.gather(follow(), read_log())
        async with asyncio.timeout(PATIENCE):
            while not (states and events):  # noqa: ASYNC110 - the lists tell nobody that they grew
                await asyncio.sleep(0.01)
            async with seeding_program(database_url, seed_batch=5, **settings):
                await following
    assert states[-1] == {**states[-1], "state": "READY", "itemsWritten": 2 * TURNS}
    assert {state["state"] for state in states} == {"QUEUED", "SEEDING", "READY"}
    assert [event["seq"] for event in events] == list(range(1, 2 * TURNS + 3))


@pytest.fixture
async def servers(serve: Serve) -> tuple[Served, Served]:
    """Two servers that do not notify each other."""
    settings: dict[str, Any] = {"seed": False, "poll_seconds": SECONDS}
    return await serve(**settings), await serve(**settings)


async def test_the_final_state_comes_soon_after_another_process_wrote_it(servers: tuple[Served, Served]) -> None:
    here, there = servers
    thread_id = (await resumed(here.client, await save(here.client, document("s1", 1))))["threadId"]
    async with aclosing(here.client.subscribe(WATCH, {"threadId": thread_id})) as states:
        assert (await anext(states))["data"]["resumeTask"]["state"] == "QUEUED"
        await cancel(there.client, thread_id)
        async with asyncio.timeout(PATIENCE):
            assert (await anext(states))["data"]["resumeTask"]["state"] == "CANCELED"


@pytest.mark.slow
async def test_a_poll_takes_one_statement_for_all_subscribers_and_none_without(
    servers: tuple[Served, Served],
) -> None:
    here, _ = servers
    ids = [(await resumed(here.client, await save(here.client, document(f"s{n}", 1))))["threadId"] for n in range(4)]
    with statements(here) as said:
        await asyncio.sleep(10 * SECONDS)
        assert said == []

    async def follow(thread_id: str) -> None:
        async for _ in here.client.subscribe(WATCH, {"threadId": thread_id}):
            waiting.release()

    waiting = asyncio.Semaphore(0)
    followers = [asyncio.create_task(follow(thread_id)) for thread_id in ids * 3]
    for _ in followers:
        await waiting.acquire()
    # The first look at what is new wakes those who wait for it.
    await asyncio.sleep(4 * SECONDS)
    with statements(here) as said:
        await asyncio.sleep(10 * SECONDS)
    assert 0 < len(said) <= 11
    assert len(set(said)) == 1
    for thread_id in ids:
        await cancel(here.client, thread_id)
    await asyncio.gather(*followers)


async def test_polling_uses_neither_listen_nor_notify(servers: tuple[Served, Served]) -> None:
    here, _ = servers
    with statements(here) as said:
        await cancel(here.client, (await resumed(here.client, await save(here.client, document("s1", 1))))["threadId"])
    assert not [statement for statement in said if "notify" in statement.lower()]
    async with here.app.state.database.snapshot() as connection:
        listening = sa.text("SELECT count(*) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%' AND datname = :name")
        name = here.app.state.database.url.database
        assert (await connection.execute(listening, {"name": name})).scalar_one() == 0


@pytest.mark.slow
async def test_polling_continues_after_an_outage_of_the_database(database_url: str) -> None:
    proxy = Proxy(database_url)
    async with (
        Database(database_url) as elsewhere,
        proxy.serving() as url,
        serving(url, seed=False, poll_seconds=SECONDS) as here,
    ):
        thread_id = (await resumed(here.client, await save(here.client, document("s1", 1))))["threadId"]
        async with aclosing(here.client.subscribe(WATCH, {"threadId": thread_id})) as states:
            await anext(states)
            # By then its resolver waits to be told: it would read again by itself what it was reading.
            await asyncio.sleep(4 * SECONDS)
            proxy.cut()
            await asyncio.sleep(4 * SECONDS)
            await cancel_resume(elsewhere, thread_id)
            proxy.heal()
            async with asyncio.timeout(PATIENCE):
                assert (await anext(states))["data"]["resumeTask"]["state"] == "CANCELED"
