"""deleteSession removes a session and its transcript; its threads stay."""

from tests.conftest import Serve
from tests.support.documents import codewhale, user, zagens
from tests.support.sessions import delete_session, imported, rows, session

RESUME = 'mutation { resumeSession(input: {sessionId: "s"}) { resumeTask { threadId } } }'
GONE = {"deletedSessionId": None, "userErrors": [{"code": "NOT_FOUND", "path": ["sessionId"]}]}


async def test_deleting_a_session_removes_its_messages_and_no_others(serve: Serve) -> None:
    server = await serve(seed=False)
    await imported(server.client, zagens("s", messages=[user("a"), user("b")]), zagens("other", messages=[user("c")]))

    assert await delete_session(server.client, " s ") == {"deletedSessionId": "s", "userErrors": []}

    assert await session(server.client, "s") is None
    data = await server.client.data("{ sessions { totalCount nodes { id messages { nodes { text } } } } }")
    assert data["sessions"] == {"totalCount": 1, "nodes": [{"id": "other", "messages": {"nodes": [{"text": "c"}]}}]}
    assert len(await rows(server, "message")) == 1


async def test_deleting_a_session_twice_is_not_found(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, zagens("s"))
    await delete_session(client, "s")

    payload = await delete_session(client, "s")

    assert payload["userErrors"][0].pop("message")
    assert payload == GONE


async def test_an_invalid_id_and_an_unknown_one_have_different_errors(serve: Serve) -> None:
    client = (await serve(seed=False)).client

    for id in ("", "../s", "s:0", "a" * 201):
        payload = await delete_session(client, id)

        assert payload["deletedSessionId"] is None
        assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [("INVALID_ID", ["sessionId"])]


async def test_a_thread_survives_the_deletion_of_its_session(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, zagens("s", messages=[user("a")]))
    thread_id = (await client.data(RESUME))["resumeSession"]["resumeTask"]["threadId"]

    await delete_session(client, "s")

    data = await client.data(
        "query ($id: ID!) { thread(id: $id) { id title session { id } resumeTask { sessionId session { id } } } }",
        id=thread_id,
    )
    task = {"sessionId": "s", "session": None}
    assert data["thread"] == {
        "id": thread_id,
        "title": zagens("s")["metadata"]["title"],
        "session": None,
        "resumeTask": task,
    }


async def test_a_fork_survives_the_deletion_of_its_parent(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, codewhale("fork", parent_session_id="s"))
    assert await session(client, "fork", "parent { id }") == {"parent": None}

    await imported(client, zagens("s"))
    assert await session(client, "fork", "parent { id }") == {"parent": {"id": "s"}}

    await delete_session(client, "s")
    assert await session(client, "fork", "parent { id }") == {"parent": None}
