"""The resumeTask subscription: the current state first, then later ones, always up to the final one."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from itertools import pairwise
from typing import Any

import pytest

from storage.database.database import Database
from storage.resume.resume import cancel_resume
from storage.resume.seeding.seeder import Seeder
from storage.resume.watch import task_states
from tests.support import seeding
from tests.support.client import Client, SubscriptionError
from tests.support.documents import Document, assistant, user, zagens
from tests.support.resumes import WATCH, Task, cancel, delete, follow, resumed, save
from tests.support.seeding import PATIENCE, Pause, before_batches, running, task_of
from tests.support.server import Served

Serve = Callable[..., Awaitable[Served]]


def dialogue(turns: int, id: str = "s1") -> Document:
    messages = [message for number in range(turns) for message in (user(f"Ask {number}"), assistant("Answer"))]
    return zagens(id, messages=messages)


def watching(client: Client, thread_id: str) -> AsyncGenerator[dict[str, Any], None]:
    return client.subscribe(WATCH, {"threadId": thread_id})


async def state(states: AsyncGenerator[dict[str, Any], None]) -> Task:
    """The next state that a subscription sends."""
    payload = await anext(states)
    task: Task = payload["data"]["resumeTask"]
    return task


def check_states(states: list[Task]) -> None:
    """Assert what holds of any subscription to one attempt."""
    assert all(before["revision"] < after["revision"] for before, after in pairwise(states))
    assert all(before["itemsWritten"] <= after["itemsWritten"] for before, after in pairwise(states))
    assert all(task["state"] in {"QUEUED", "SEEDING"} for task in states[:-1])
    assert states[-1]["state"] in {"READY", "ERROR", "CANCELED"}
    for task in states:
        assert task["progress"] == pytest.approx(task["itemsWritten"] / task["itemsTotal"])
        assert (task["state"] == "READY") is (task["itemsWritten"] == task["itemsTotal"])
        assert (task["state"] == "ERROR") is (task["error"] is not None)


@pytest.fixture
async def idle(serve: Serve) -> Served:
    """A server whose tasks stay queued until the test seeds them."""
    return await serve(seed=False)


def database_of(server: Served) -> Database:
    database: Database = server.app.state.database
    return database


async def test_states_from_queued_to_ready_are_sent(idle: Served) -> None:
    task = await resumed(idle.client, await save(idle.client, dialogue(3)))
    async with aclosing(watching(idle.client, task["threadId"])) as states:
        seen = [await state(states)]
        async with running(Seeder(database_of(idle), batch_messages=1)):
            seen += [payload["data"]["resumeTask"] async for payload in states]
    assert seen[0] == task
    check_states(seen)
    assert (seen[-1]["state"], seen[-1]["itemsWritten"], seen[-1]["progress"]) == ("READY", 6, 1.0)


async def test_a_client_that_keeps_up_gets_the_state_after_every_batch(idle: Served) -> None:
    task = await resumed(idle.client, await save(idle.client, dialogue(4)))
    database, seen = database_of(idle), []
    async with aclosing(watching(idle.client, task["threadId"])) as states:
        seen.append(await state(states))

        async def keep_up(number: int) -> None:
            seen.append(await state(states))

        with before_batches(database, keep_up):
            async with running(Seeder(database, batch_messages=1)):
                await seeding.final_state(database, task["threadId"])
        seen += [payload["data"]["resumeTask"] async for payload in states]
    check_states(seen)
    assert [task["itemsWritten"] for task in seen] == [0, *range(9)]


async def test_states_of_the_server_s_own_seeder_are_sent(server: Served) -> None:
    task = await resumed(server.client, await save(server.client, dialogue(20)))
    seen = await follow(server.client, task["threadId"])
    check_states(seen)
    assert seen[-1]["state"] == "READY"


async def test_the_subscription_to_a_final_task_sends_one_state(server: Served) -> None:
    task = await resumed(server.client, await save(server.client, dialogue(1)))
    last = (await follow(server.client, task["threadId"]))[-1]
    assert await follow(server.client, task["threadId"]) == [last]


async def test_the_subscription_to_a_canceled_task_completes(idle: Served) -> None:
    task = await resumed(idle.client, await save(idle.client, dialogue(1)))
    async with aclosing(watching(idle.client, task["threadId"])) as states:
        seen = [await state(states)]
        canceled = (await cancel(idle.client, task["threadId"]))["resumeTask"]
        seen += [payload["data"]["resumeTask"] async for payload in states]
    assert seen == [task, canceled]


async def test_the_subscription_completes_with_the_error_of_a_deleted_session(idle: Served) -> None:
    task = await resumed(idle.client, await save(idle.client, dialogue(2)))
    database = database_of(idle)

    async def delete_session(number: int) -> None:
        if number == 2:
            await delete(idle.client, "s1")

    async with aclosing(watching(idle.client, task["threadId"])) as states:
        seen = [await state(states)]
        with before_batches(database, delete_session):
            async with running(Seeder(database, batch_messages=1)):
                seen += [payload["data"]["resumeTask"] async for payload in states]
    check_states(seen)
    assert (seen[-1]["error"]["code"], seen[-1]["session"], seen[-1]["thread"]["id"]) == (
        "SESSION_DELETED",
        None,
        task["threadId"],
    )


async def test_the_subscription_to_an_unknown_thread_is_one_error(idle: Served) -> None:
    for thread_id in ("thr_nobody", "", "../x", "\u0000"):
        with pytest.raises(SubscriptionError) as refused:
            await follow(idle.client, thread_id)
        (error,) = refused.value.errors
        assert error["extensions"]["code"] == "NOT_FOUND"


async def test_a_client_that_disconnects_is_released(idle: Served) -> None:
    task = await resumed(idle.client, await save(idle.client, dialogue(1)))
    async with aclosing(watching(idle.client, task["threadId"])) as states:
        await state(states)
        assert database_of(idle).bus._waiters
    async with asyncio.timeout(PATIENCE):
        while database_of(idle).bus._waiters:  # noqa: ASYNC110 - the bus tells nobody that a waiter has left
            await asyncio.sleep(0.01)


async def test_two_clients_follow_one_task(idle: Served) -> None:
    task = await resumed(idle.client, await save(idle.client, dialogue(5)))
    following = [asyncio.create_task(follow(idle.client, task["threadId"])) for _ in range(2)]
    async with running(Seeder(database_of(idle), batch_messages=1)):
        for seen in await asyncio.gather(*following):
            check_states(seen)
            assert seen[-1]["state"] == "READY"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_task_is_followed_on_one_server_while_another_seeds_it(serve: Serve) -> None:
    idle = await serve(seed=False)
    task = await resumed(idle.client, await save(idle.client, dialogue(10)))
    async with aclosing(watching(idle.client, task["threadId"])) as states:
        seen = [await state(states)]
        await serve(seed_batch=1)
        seen += [payload["data"]["resumeTask"] async for payload in states]
    check_states(seen)
    assert seen[0]["state"] == "QUEUED"
    assert seen[-1]["state"] == "READY"
    # Some were told on the way, by notification across the servers.
    assert len(seen) > 2


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_subscription_continues_after_its_listener_lost_its_connection(serve: Serve) -> None:
    idle, other = await serve(seed=False), await serve(seed=False)
    task = await resumed(idle.client, await save(idle.client, dialogue(1)))
    async with aclosing(watching(idle.client, task["threadId"])) as states:
        seen = [await state(states)]
        async with database_of(other).write() as transaction:
            await transaction.connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await cancel_resume(database_of(other), task["threadId"])
        seen += [payload["data"]["resumeTask"] async for payload in states]
    assert [task["state"] for task in seen] == ["QUEUED", "CANCELED"]


@pytest.mark.slow
async def test_a_slow_reader_gets_the_newest_state_next(idle: Served) -> None:
    database = database_of(idle)
    thread_id = (await resumed(idle.client, await save(idle.client, dialogue(26))))["threadId"]
    fifty = Pause()

    async def stop_after_fifty(number: int) -> None:
        if number == 51:
            await fifty.hold()

    async with aclosing(task_states(database, lambda id: task_of(database, id), thread_id)) as states:
        assert (await anext(states)).state == "QUEUED"
        with before_batches(database, stop_after_fifty):
            async with running(Seeder(database, batch_messages=1)), asyncio.timeout(PATIENCE):
                await fifty.reached()
                newest = await anext(states)
                assert newest == await task_of(database, thread_id)
                assert newest.items_written == 50
                fifty.open()
                await seeding.final_state(database, thread_id)
                rest = [later async for later in states]
    assert [later.state for later in rest] == ["READY"]
