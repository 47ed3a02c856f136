"""resumeSession, for each state of the session's latest thread."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.message import message
from storage.database.tables.resume_task import resume_task
from storage.database.tables.thread import thread as thread_table
from storage.resume.seeding import lease
from tests.support.documents import Document, assistant, user, zagens
from tests.support.resumes import cancel, delete, follow, read, resume, resumed, save
from tests.support.seeding import seed
from tests.support.server import Served

Serve = Callable[..., Awaitable[Served]]

DOCUMENT = zagens("s1", messages=[user("Why?"), assistant("Because.")], system_prompt="Be brief.")
LONGER = zagens("s1", messages=[*DOCUMENT["messages"], user("And how?")])


@pytest.fixture
async def idle(serve: Serve) -> Served:
    """A server whose tasks stay queued until the test seeds them."""
    return await serve(seed=False)


def database_of(server: Served) -> Database:
    database: Database = server.app.state.database
    return database


async def test_a_session_never_resumed_gets_a_new_thread_that_is_queued(idle: Served) -> None:
    payload = await resume(idle.client, await save(idle.client, DOCUMENT))
    task = payload["resumeTask"]
    assert (payload["isReused"], payload["messageCount"], payload["userErrors"]) == (False, 2, [])
    assert task["threadId"] == task["thread"]["id"]
    assert task["threadId"].startswith("thr_")
    assert task["id"] == f"tsk_{task['threadId'].removeprefix('thr_')}"
    assert (task["sessionId"], task["session"]) == ("s1", {"id": "s1"})
    assert (task["state"], task["queuePosition"], task["error"]) == ("QUEUED", 0, None)
    assert (task["itemsWritten"], task["itemsTotal"], task["progress"]) == (0, 2, 0.0)
    assert (task["attempt"], task["revision"]) == (1, 1)
    assert (task["startedAt"], task["finishedAt"]) == (None, None)


async def test_the_thread_takes_its_fields_from_the_session(idle: Served) -> None:
    task = await resumed(idle.client, await save(idle.client, DOCUMENT))
    assert task["thread"] == {
        "id": task["threadId"],
        "title": "Why does the export skip Feb 29?",
        "model": "deepseek-v4-pro",
        "mode": "agent",
        "taskType": "OFFICE",
        "workspace": "/home/ines/work/billing",
        "systemPrompt": "Be brief.",
    }


async def test_resuming_links_the_thread_without_touching_the_session(idle: Served) -> None:
    query = '{ session(id: "s1") { updatedAt thread { id } resumeTask { id } } }'
    await save(idle.client, DOCUMENT)
    before = (await idle.client.data(query))["session"]
    task = await resumed(idle.client, "s1")
    after = (await idle.client.data(query))["session"]
    assert (before["thread"], before["resumeTask"]) == (None, None)
    assert after == {
        "updatedAt": before["updatedAt"],
        "thread": {"id": task["threadId"]},
        "resumeTask": {"id": task["id"]},
    }


async def test_a_resume_while_queued_returns_the_same_task(idle: Served) -> None:
    first = await resumed(idle.client, await save(idle.client, DOCUMENT))
    second = await resume(idle.client, "s1")
    assert (second["isReused"], second["messageCount"]) == (True, 2)
    assert second["resumeTask"] == first


async def test_a_resume_while_seeding_returns_the_same_task(idle: Served) -> None:
    first = await resumed(idle.client, await save(idle.client, DOCUMENT))
    assert await lease.claim(database_of(idle), 60) is not None
    second = await resume(idle.client, "s1")
    assert (second["isReused"], second["resumeTask"]["threadId"]) == (True, first["threadId"])
    assert (second["resumeTask"]["state"], second["resumeTask"]["attempt"]) == ("SEEDING", 1)
    assert second["resumeTask"]["revision"] == 2
    assert second["resumeTask"]["startedAt"] is not None
    assert second["resumeTask"]["queuePosition"] is None


async def test_a_resume_of_a_ready_session_returns_its_task(server: Served) -> None:
    first = await resumed(server.client, await save(server.client, DOCUMENT))
    ready = (await follow(server.client, first["threadId"]))[-1]
    second = await resume(server.client, "s1")
    assert (second["isReused"], second["resumeTask"]) == (True, ready)
    assert (ready["state"], ready["progress"], ready["attempt"]) == ("READY", 1.0, 1)
    assert ready["finishedAt"] >= ready["startedAt"] >= ready["createdAt"]


async def test_a_resume_of_a_canceled_task_queues_it_again(idle: Served) -> None:
    first = await resumed(idle.client, await save(idle.client, DOCUMENT))
    canceled = (await cancel(idle.client, first["threadId"]))["resumeTask"]
    second = await resume(idle.client, "s1")
    assert second["isReused"] is True
    assert second["resumeTask"] == {**first, "attempt": 2, "revision": canceled["revision"] + 1}


async def test_a_resume_of_a_failed_task_queues_it_again(idle: Served) -> None:
    first = await resumed(idle.client, await save(idle.client, DOCUMENT))
    async with database_of(idle).write() as transaction:
        await transaction.execute(sa.update(message).values(content="["))
    await seed(database_of(idle), first["threadId"])
    failed = await read(idle.client, first["threadId"])
    assert (failed["state"], failed["error"]["code"]) == ("ERROR", "SESSION_UNREADABLE")
    second = await resume(idle.client, "s1")
    assert (second["isReused"], second["resumeTask"]["threadId"]) == (True, first["threadId"])
    again = second["resumeTask"]
    assert (again["state"], again["attempt"], again["error"], again["finishedAt"]) == ("QUEUED", 2, None, None)
    assert again["revision"] == failed["revision"] + 1


@pytest.mark.parametrize("end", ["READY", "CANCELED"])
async def test_a_session_that_changed_after_its_task_ended_gets_a_new_thread(idle: Served, end: str) -> None:
    first = await resumed(idle.client, await save(idle.client, DOCUMENT))
    if end == "READY":
        await seed(database_of(idle), first["threadId"])
    else:
        await cancel(idle.client, first["threadId"])
    await save(idle.client, LONGER)
    second = await resume(idle.client, "s1")
    assert (second["isReused"], second["messageCount"]) == (False, 3)
    assert second["resumeTask"]["threadId"] != first["threadId"]
    assert (second["resumeTask"]["attempt"], second["resumeTask"]["itemsTotal"]) == (1, 3)
    assert (await read(idle.client, first["threadId"]))["state"] == end


async def test_a_session_that_changes_while_queued_keeps_its_thread(idle: Served) -> None:
    first = await resumed(idle.client, await save(idle.client, DOCUMENT))
    await save(idle.client, LONGER)
    second = await resume(idle.client, "s1")
    assert (second["isReused"], second["messageCount"]) == (True, 3)
    assert second["resumeTask"]["threadId"] == first["threadId"]


async def test_the_same_document_imported_again_keeps_the_thread(idle: Served) -> None:
    first = await resumed(idle.client, await save(idle.client, DOCUMENT))
    await seed(database_of(idle), first["threadId"])
    await save(idle.client, DOCUMENT)
    second = await resume(idle.client, "s1")
    assert (second["isReused"], second["resumeTask"]["threadId"]) == (True, first["threadId"])


async def test_a_missing_linked_thread_is_replaced(idle: Served) -> None:
    first = await resumed(idle.client, await save(idle.client, DOCUMENT))
    async with database_of(idle).write() as transaction:
        for table in (resume_task, thread_table):
            await transaction.execute(sa.delete(table))
    second = await resume(idle.client, "s1")
    assert second["isReused"] is False
    assert second["resumeTask"]["threadId"] != first["threadId"]


async def test_a_session_imported_again_after_a_delete_gets_a_new_thread(idle: Served) -> None:
    first = await resumed(idle.client, await save(idle.client, DOCUMENT))
    await delete(idle.client, "s1")
    await save(idle.client, DOCUMENT)
    second = await resume(idle.client, "s1")
    assert (second["isReused"], second["resumeTask"]["attempt"]) == (False, 1)
    old = await read(idle.client, first["threadId"])
    assert (old["state"], old["error"]["code"], old["session"]) == ("ERROR", "SESSION_DELETED", None)


async def test_a_thread_link_in_the_document_is_not_followed(idle: Served) -> None:
    document: Document = zagens("s1", messages=[user("Hi")], runtime_thread_id="../../x")
    payload = await resume(idle.client, await save(idle.client, document))
    assert payload["isReused"] is False
    assert payload["resumeTask"]["threadId"].startswith("thr_")


async def test_an_id_is_trimmed(idle: Served) -> None:
    await save(idle.client, DOCUMENT)
    payload = await resume(idle.client, "  s1\n")
    assert payload["resumeTask"]["sessionId"] == "s1"


NOTHING = {"resumeTask": None, "isReused": False, "messageCount": 0}


async def test_a_malformed_id_is_a_user_error(idle: Served) -> None:
    for session_id in ("../s1", "", "  ", "s 1", "s" * 201, "sé", "a\u0000b", "\ud800"):
        payload = await resume(idle.client, session_id)
        (error,) = payload.pop("userErrors")
        assert payload == NOTHING
        assert (error["code"], error["path"]) == ("INVALID_ID", ["sessionId"])


async def test_an_unknown_session_is_a_user_error(idle: Served) -> None:
    payload: dict[str, Any] = await resume(idle.client, "nobody")
    (error,) = payload.pop("userErrors")
    assert payload == NOTHING
    assert (error["code"], error["path"]) == ("NOT_FOUND", ["sessionId"])
