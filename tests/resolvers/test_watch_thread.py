"""The threadEvents subscription: every event after `sinceSeq`, whether written before or after it started."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest

import storage.resume.watch
from storage.database.database import Database
from storage.resume.seeding.seeder import Seeder
from tests.support import seeding
from tests.support.client import Client, SubscriptionError
from tests.support.documents import Document, assistant, user, zagens
from tests.support.resumes import follow, resumed, save
from tests.support.seeding import PATIENCE, before_batches, running
from tests.support.server import Served

Serve = Callable[..., Awaitable[Served]]
Event = dict[str, Any]

WATCH = """subscription ($threadId: ID!, $sinceSeq: BigInt! = 0) {
  threadEvents(threadId: $threadId, sinceSeq: $sinceSeq) {
    seq event turnId itemId item { id status } payload
  }
}"""
LOG = """query ($id: ID!, $since: BigInt!) { thread(id: $id) { events(sinceSeq: $since, first: 500) {
  seq event turnId itemId item { id status } payload
} } }"""


def dialogue(turns: int, id: str = "s1") -> Document:
    messages = [message for number in range(turns) for message in (user(f"Ask {number}"), assistant("Answer"))]
    return zagens(id, messages=messages)


def watching(client: Client, thread_id: str, since: int = 0) -> AsyncGenerator[dict[str, Any], None]:
    return client.subscribe(WATCH, {"threadId": thread_id, "sinceSeq": since})


async def taken(payloads: AsyncGenerator[dict[str, Any], None], count: int) -> list[Event]:
    """The next `count` events."""
    return [(await anext(payloads))["data"]["threadEvents"] for _ in range(count)]


async def written(client: Client, thread_id: str, since: int = 0) -> list[Event]:
    events: list[Event] = (await client.data(LOG, id=thread_id, since=since))["thread"]["events"]
    return events


@pytest.fixture
async def idle(serve: Serve) -> Served:
    """A server whose tasks stay queued until the test seeds them."""
    return await serve(seed=False)


def database_of(server: Served) -> Database:
    database: Database = server.app.state.database
    return database


async def test_the_backlog_is_sent_whole_and_in_order(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.resume.watch, "PAGE", 3)
    task = await resumed(server.client, await save(server.client, dialogue(5)))
    await follow(server.client, task["threadId"])
    log = await written(server.client, task["threadId"])
    async with aclosing(watching(server.client, task["threadId"])) as payloads:
        assert await taken(payloads, len(log)) == log
    assert [event["seq"] for event in log] == list(range(1, 13))
    assert [event["event"] for event in log] == ["thread.started", *["item.completed"] * 10, "thread.updated"]


@pytest.mark.slow
@pytest.mark.parametrize("since", [-5, 0, 1, 11, 12])
async def test_events_start_after_since_seq(server: Served, since: int) -> None:
    task = await resumed(server.client, await save(server.client, dialogue(5)))
    await follow(server.client, task["threadId"])
    rest = await written(server.client, task["threadId"], since)
    async with aclosing(watching(server.client, task["threadId"], since)) as payloads:
        assert await taken(payloads, len(rest)) == rest
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await anext(payloads)


@pytest.mark.slow
async def test_no_event_is_lost_or_doubled_between_the_backlog_and_new_events(idle: Served) -> None:
    task = await resumed(idle.client, await save(idle.client, dialogue(20)))
    database, readers = database_of(idle), []

    async def read_all() -> list[Event]:
        async with aclosing(watching(idle.client, task["threadId"])) as payloads:
            return await taken(payloads, 42)

    async def join(number: int) -> None:
        # One begins to read at every batch, so some do while it commits.
        readers.append(asyncio.create_task(read_all()))
        await asyncio.sleep(0)

    with before_batches(database, join):
        async with running(Seeder(database, batch_messages=1)):
            await seeding.final_state(database, task["threadId"])
    log = await written(idle.client, task["threadId"])
    async with asyncio.timeout(PATIENCE):
        seen = await asyncio.gather(*readers)
    assert len(readers) >= 40
    assert all(events == log for events in seen)


async def test_a_late_reader_misses_no_event(idle: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.resume.watch, "PAGE", 2)
    task = await resumed(idle.client, await save(idle.client, dialogue(30)))
    database = database_of(idle)
    async with aclosing(watching(idle.client, task["threadId"])) as payloads:
        first = await taken(payloads, 1)
        async with running(Seeder(database, batch_messages=7)):
            await seeding.final_state(database, task["threadId"])
        rest = await taken(payloads, 61)
    assert [*first, *rest] == await written(idle.client, task["threadId"])


async def test_a_second_attempt_continues_the_same_log(idle: Served) -> None:
    task = await resumed(idle.client, await save(idle.client, dialogue(4)))
    database = database_of(idle)

    async def cancel(number: int) -> None:
        if number == 4:
            await idle.client.data(
                "mutation ($id: ID!) { cancelResume(input: {threadId: $id}) { resumeTask { state } } }",
                id=task["threadId"],
            )

    async with aclosing(watching(idle.client, task["threadId"])) as payloads:
        with before_batches(database, cancel):
            async with running(Seeder(database, batch_messages=1)):
                await seeding.final_state(database, task["threadId"])
        await resumed(idle.client, "s1")
        async with running(Seeder(database)):
            await seeding.final_state(database, task["threadId"])
        events = await taken(payloads, 10)
    assert [event["seq"] for event in events] == list(range(1, 11))
    assert len({event["itemId"] for event in events[1:-1]}) == 8


@pytest.mark.parametrize("thread_id", ["thr_none", "", "no id!"])
async def test_the_subscription_to_an_unknown_thread_is_not_found(server: Served, thread_id: str) -> None:
    with pytest.raises(SubscriptionError) as refused:
        async with aclosing(watching(server.client, thread_id)) as payloads:
            await anext(payloads)
    [error] = refused.value.errors
    assert error["extensions"]["code"] == "NOT_FOUND"
