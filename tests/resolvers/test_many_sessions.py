"""updateSessions, deleteSessions and deleteThread: all or none, and which threads stay."""

import asyncio
from contextlib import aclosing

import pytest

from tests.conftest import Serve
from tests.support.changes import PATIENCE, change_seq, changes
from tests.support.documents import user, zagens
from tests.support.organizing import delete_sessions, delete_thread, listed, organize, update_sessions
from tests.support.resumes import follow, resume, resumed
from tests.support.server import Served
from tests.support.sessions import import_session, imported, rows, session

THREAD_TABLES = ("thread", "turn", "thread_item", "thread_event", "resume_task")


@pytest.fixture
async def here(serve: Serve) -> Served:
    """A server that seeds nothing, with three sessions."""
    server = await serve(seed=False)
    await imported(server.client, *(zagens(id, messages=[user(id)]) for id in "abc"))
    return server


async def test_many_sessions_are_changed_at_once(here: Served) -> None:
    await organize(here.client, "b", tags=["x", "old"])
    since = await change_seq(here.client)

    payload = await update_sessions(
        here.client, ["c", " b", "c"], isArchived=True, isStarred=True, addTags=["new", "x"], removeTags=["old", "new"]
    )

    assert payload["userErrors"] == []
    shared = {"isArchived": True, "isStarred": True}
    assert payload["sessions"] == [
        {"id": "c", "tags": ["new", "x"], **shared},
        {"id": "b", "tags": ["x", "new"], **shared},
    ]
    assert await listed(here.client) == "a"
    async with changes(here.client, since=since) as stream:
        assert await stream.kinds(2) == [("UPDATED", "b"), ("UPDATED", "c")]
    before = await rows(here)
    await update_sessions(here.client, ["b", "c"], isStarred=True, addTags=["x"], removeTags=["other"])
    await update_sessions(here.client, ["b", "c"])
    await update_sessions(here.client, [], isArchived=False)
    assert await rows(here) == before


async def test_an_update_that_fails_for_one_session_changes_none(here: Served) -> None:
    full = [f"{number}" for number in range(50)]
    await organize(here.client, "c", tags=full)
    before = await rows(here)

    for ids, changed, errors in (
        (["a", "x", "b", "../y"], {"isStarred": True}, [("INVALID_ID", ["sessionIds", "3"])]),
        (["a", "x", "y"], {"isStarred": True}, [("NOT_FOUND", ["sessionIds", index]) for index in "12"]),
        (["a", "c"], {"addTags": ["one more"]}, [("INVALID_VALUE", ["addTags"])]),
        (["a"], {"addTags": [""]}, [("INVALID_VALUE", ["addTags", "0"])]),
        ([f"s{number}" for number in range(101)], {"isStarred": True}, [("INVALID_VALUE", ["sessionIds"])]),
    ):
        payload = await update_sessions(here.client, ids, **changed)

        assert payload["sessions"] is None
        assert [(error["code"], error["path"]) for error in payload["userErrors"]] == errors
    assert await rows(here) == before
    swapped = await update_sessions(here.client, ["a", "c"], addTags=["one more"], removeTags=["7"])
    assert [len(one["tags"]) for one in swapped["sessions"]] == [1, 50]


async def test_many_sessions_are_deleted_at_once_or_none(here: Served) -> None:
    for ids, errors in (
        (["a", "x"], [("NOT_FOUND", ["sessionIds", "1"])]),
        (["a", ""], [("INVALID_ID", ["sessionIds", "1"])]),
        ([f"s{number}" for number in range(101)], [("INVALID_VALUE", ["sessionIds"])]),
    ):
        payload = await delete_sessions(here.client, ids)
        assert payload["deletedSessionIds"] is None
        assert [(error["code"], error["path"]) for error in payload["userErrors"]] == errors
    assert await listed(here.client) == "abc"
    since = await change_seq(here.client)

    gone = {"deletedSessionIds": ["c", "a"], "userErrors": []}
    assert await delete_sessions(here.client, ["c", " a ", "c"]) == gone

    assert await listed(here.client) == "b"
    assert len(await rows(here, "message")) == 1
    async with changes(here.client, since=since) as stream:
        assert await stream.kinds(2) == [("DELETED", "a"), ("DELETED", "c")]
    assert await delete_sessions(here.client, []) == {"deletedSessionIds": [], "userErrors": []}
    # None of the marks of a deleted session come back with it.
    await organize(here.client, "b", isStarred=True, tags=["x"])
    await delete_sessions(here.client, ["b"])
    await import_session(here.client, zagens("b"))
    assert await session(here.client, "b", "isStarred tags note") == {"isStarred": False, "tags": [], "note": None}


async def test_threads_go_with_their_sessions_if_asked_for(serve: Serve) -> None:
    client = (server := await serve()).client
    await imported(client, *(zagens(id, messages=[user(id)]) for id in "abc"))
    threads = {id: (await resumed(client, id))["threadId"] for id in "abc"}
    for id in threads.values():
        await follow(client, id)

    await delete_sessions(client, ["a"])
    await delete_sessions(client, ["b"], deleteThreads=True)
    query = 'mutation { deleteSession(input: {sessionId: "c", deleteThreads: true}) { deletedSessionId } }'
    await client.data(query)

    for table in THREAD_TABLES:
        left = await rows(server, table)
        assert left, table
        assert {threads["a"] in row for row in left} == {True}, table


async def test_a_deleted_thread_leaves_its_session_and_ends_its_subscriptions(here: Served) -> None:
    client = here.client
    first = (await resumed(client, "a"))["threadId"]
    since = await change_seq(client)
    log = "subscription ($id: ID!) { threadEvents(threadId: $id) { seq } }"
    async with aclosing(client.subscribe(log, {"id": first})) as events:
        assert (await anext(events))["data"]["threadEvents"]["seq"] == 1
        states = client.subscribe("subscription ($id: ID!) { resumeTask(threadId: $id) { state } }", {"id": first})
        assert (await anext(states))["data"]["resumeTask"]["state"] == "QUEUED"
        rest = asyncio.create_task(anext(events, None))
        await asyncio.sleep(0)

        assert await delete_thread(client, f" {first} ") == {"deletedThreadId": first, "userErrors": []}

        async with asyncio.timeout(PATIENCE):
            assert await anext(states, None) is None
            assert await rest is None
    assert await rows(here, *THREAD_TABLES) == []
    assert await session(client, "a", "thread { id } resumeTask { state }") == {"thread": None, "resumeTask": None}
    async with changes(client, since=since) as stream:
        assert await stream.kinds(1) == [("UPDATED", "a")]
    again = await resume(client, "a")
    assert (again["isReused"], again["resumeTask"]["threadId"] == first) == (False, False)


async def test_an_unknown_thread_and_an_invalid_id_have_different_errors(here: Served) -> None:
    for id, code in (("thr_0", "NOT_FOUND"), ("../t", "INVALID_ID")):
        refused = {"deletedThreadId": None, "userErrors": [{"code": code, "path": ["threadId"]}]}
        assert await delete_thread(here.client, id) == refused


async def test_an_earlier_thread_is_deleted_without_the_newest(serve: Serve) -> None:
    client = (await serve()).client
    await imported(client, zagens("a", messages=[user("one")]))
    first = (await resumed(client, "a"))["threadId"]
    await follow(client, first)
    await imported(client, zagens("a", messages=[user("one"), user("two")], updated_at="2026-07-01T00:00:00Z"))
    second = (await resumed(client, "a"))["threadId"]
    assert second != first
    await follow(client, second)

    await delete_thread(client, first)

    assert await session(client, "a", "thread { id turns { totalCount } }") == {
        "thread": {"id": second, "turns": {"totalCount": 2}}
    }
