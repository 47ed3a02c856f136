"""cancelResume, and the position of a task in the queue."""

from collections.abc import Awaitable, Callable

import pytest

from storage.resume.seeding import lease
from storage.resume.seeding.seeder import Seeder
from tests.support.documents import assistant, user, zagens
from tests.support.resumes import cancel, follow, read, resume, resumed, save
from tests.support.seeding import before_batches, running, seed
from tests.support.server import Served

Serve = Callable[..., Awaitable[Served]]

DOCUMENT = zagens("s1", messages=[user("One"), assistant("Two"), user("Three"), assistant("Four")])


@pytest.fixture
async def idle(serve: Serve) -> Served:
    """A server with a session, whose tasks stay queued until the test seeds them."""
    server = await serve(seed=False)
    await save(server.client, DOCUMENT)
    return server


async def test_a_queued_task_is_canceled(idle: Served) -> None:
    task = await resumed(idle.client, "s1")
    payload = await cancel(idle.client, task["threadId"])
    canceled = payload["resumeTask"]
    assert payload["userErrors"] == []
    assert (canceled["state"], canceled["queuePosition"], canceled["error"]) == ("CANCELED", None, None)
    assert canceled["revision"] == task["revision"] + 1
    assert (canceled["startedAt"], canceled["finishedAt"] is None) == (None, False)


async def test_a_canceled_seeding_task_keeps_its_written_items(idle: Served) -> None:
    database = idle.app.state.database
    task = await resumed(idle.client, "s1")

    async def cancel_now(number: int) -> None:
        if number == 3:
            payload = await cancel(idle.client, task["threadId"])
            assert payload["resumeTask"]["state"] == "CANCELED"

    with before_batches(database, cancel_now):
        await seed(database, task["threadId"], Seeder(database, batch_messages=1))
    canceled = await read(idle.client, task["threadId"])
    assert (canceled["state"], canceled["itemsWritten"], canceled["progress"]) == ("CANCELED", 2, 0.5)
    again = await resumed(idle.client, "s1")
    assert (again["state"], again["itemsWritten"], again["attempt"]) == ("QUEUED", 2, 2)
    async with running(Seeder(database)):
        ready = (await follow(idle.client, task["threadId"]))[-1]
    assert (ready["state"], ready["itemsWritten"], ready["attempt"]) == ("READY", 4, 2)
    assert ready["startedAt"] == canceled["startedAt"]


async def test_a_task_of_a_frozen_owner_can_be_canceled(idle: Served) -> None:
    task = await resumed(idle.client, "s1")
    assert await lease.claim(idle.app.state.database, 60) is not None
    assert (await cancel(idle.client, task["threadId"]))["resumeTask"]["state"] == "CANCELED"


async def test_a_ready_task_stays_ready(server: Served) -> None:
    task = await resumed(server.client, await save(server.client, DOCUMENT))
    ready = (await follow(server.client, task["threadId"]))[-1]
    assert await cancel(server.client, task["threadId"]) == {"resumeTask": ready, "userErrors": []}


async def test_canceling_a_canceled_task_changes_nothing(idle: Served) -> None:
    task = await resumed(idle.client, "s1")
    first = await cancel(idle.client, task["threadId"])
    assert await cancel(idle.client, task["threadId"]) == first


async def test_canceling_an_unknown_thread_is_a_user_error(idle: Served) -> None:
    for thread_id, code in (("thr_nobody", "NOT_FOUND"), ("../x", "INVALID_ID"), ("", "INVALID_ID")):
        payload = await cancel(idle.client, thread_id)
        (error,) = payload["userErrors"]
        assert payload["resumeTask"] is None
        assert (error["code"], error["path"]) == (code, ["threadId"])


async def test_a_canceled_task_frees_its_place_at_the_gate(idle: Served) -> None:
    frozen = await resumed(idle.client, "s1")
    assert await lease.claim(idle.app.state.database, 600) is not None
    following = await resumed(idle.client, await save(idle.client, zagens("s2", messages=[user("Hi")])))
    await cancel(idle.client, frozen["threadId"])
    async with running(Seeder(idle.app.state.database, lease_seconds=600)):
        assert (await follow(idle.client, following["threadId"]))[-1]["state"] == "READY"


async def test_the_queue_position_counts_the_tasks_ahead(idle: Served) -> None:
    ids = [(await resumed(idle.client, "s1"))["threadId"]]
    for number in range(2, 5):
        await save(idle.client, zagens(f"s{number}", messages=[user("Hi")]))
        ids.append((await resumed(idle.client, f"s{number}"))["threadId"])
    assert [(await read(idle.client, id))["queuePosition"] for id in ids] == [0, 1, 2, 3]
    await cancel(idle.client, ids[1])
    assert [(await read(idle.client, id))["queuePosition"] for id in ids] == [0, None, 1, 2]
    await resume(idle.client, "s2")
    assert [(await read(idle.client, id))["queuePosition"] for id in ids] == [0, 3, 1, 2]
    assert await lease.claim(idle.app.state.database, 60) is not None
    assert [(await read(idle.client, id))["queuePosition"] for id in ids] == [None, 2, 0, 1]
