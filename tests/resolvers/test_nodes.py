"""Every object with an id is found by it, as it is found elsewhere, whatever its type."""

from typing import Any

import pytest

from tests.conftest import Serve
from tests.support.client import Client
from tests.support.documents import assistant, tool_result, tool_use, user, zagens
from tests.support.resumes import follow, resumed, save
from tests.support.server import Served
from tests.support.sessions import import_session, saved

FIELDS = """fragment Fields on Node {
  __typename id
  ... on Session { title messageCount }
  ... on Message { position role text session { id } }
  ... on Thread { name: title mode }
  ... on Turn { position summary }
  ... on ThreadItem { position summary }
  ... on UserMessageItem { text }
  ... on ToolCallItem { toolUseId input output }
  ... on ResumeTask { state threadId }
}"""
NODES = FIELDS + " query ($ids: [ID!]!) { nodes(ids: $ids) { ...Fields } }"
NODE = FIELDS + " query ($id: ID!) { node(id: $id) { ...Fields } }"
ALL = (
    FIELDS
    + """ query ($id: ID!, $thread: ID!) {
  session(id: $id) { ...Fields messages(first: 20) { nodes { ...Fields } } }
  thread(id: $thread) { ...Fields turns(first: 5) { nodes { ...Fields items(first: 20) { nodes { ...Fields } } } } }
  resumeTask(threadId: $thread) { ...Fields }
}"""
)


async def everything(server: Served) -> list[dict[str, Any]]:
    """Every node that there is of a session and of the thread that it is resumed into."""
    turn = [user("Why?"), assistant("Let me see.", tool_use("t")), user(tool_result("t")), assistant("Because.")]
    await save(server.client, zagens("s1", messages=turn * 2))
    task = await resumed(server.client, "s1")
    await follow(server.client, task["threadId"])
    data = await server.client.data(ALL, id="s1", thread=task["threadId"])
    return list(objects(data))


def objects(value: Any) -> Any:
    """The nodes in an answer, without the connections on them."""
    match value:
        case list():
            for item in value:
                yield from objects(item)
        case dict():
            if "__typename" in value:
                yield {name: field for name, field in value.items() if name not in ("messages", "turns", "items")}
            for field in value.values():
                yield from objects(field)


async def nodes(client: Client, *ids: str) -> list[Any]:
    found: list[Any] = (await client.data(NODES, ids=ids))["nodes"]
    return found


async def test_each_object_is_found_by_its_id_as_elsewhere(serve: Serve) -> None:
    server = await serve()
    found = await everything(server)

    ids = [one["id"] for one in found]
    assert len(set(ids)) == len(ids) == 1 + 8 + 1 + 2 + 8 + 1
    for _ in range(2):
        assert await nodes(server.client, *ids) == found
        assert await nodes(server.client, *reversed(ids)) == found[::-1]
    for one in found:
        assert (await server.client.data(NODE, id=one["id"]))["node"] == one


async def test_ids_that_nothing_has_give_null_in_their_places(serve: Serve) -> None:
    server = await serve(seed=False)
    await save(server.client, zagens("session-1", messages=[user("a")]))
    digits = "0" * 32
    none = [
        *("", " session-1", "session", "session-1:1", "session-1:-1", "session-1:00", "session-1:", ":0", "s:0:0"),
        *(f"session-1:{10**40}", "x\u0000", "\ud800", "é", "x" * 300, f"thr_{digits}", f"tsk_{digits}"),
        *(f"turn_{digits}", f"turn_{digits}_0", f"item_{digits}_0_0", f"item_{digits}_0", f"thr_{digits}_0"),
    ]

    assert await nodes(server.client, *none) == [None] * len(none)
    found = await nodes(server.client, "session-1:0", "no", "session-1", "session-1:0")
    assert [one and one["__typename"] for one in found] == ["Message", None, "Session", "Message"]
    assert found[0] == found[3]
    assert await nodes(server.client) == []


async def test_more_than_100_ids_are_refused(serve: Serve) -> None:
    server = await serve(seed=False)

    assert await nodes(server.client, *map(str, range(100))) == [None] * 100
    [error] = (await server.client.execute(NODES, {"ids": [str(number) for number in range(101)]}))["errors"]
    assert (error["extensions"]["code"], error["path"]) == ("BAD_USER_INPUT", ["nodes"])


@pytest.mark.parametrize("form", ["thr_{}", "tsk_{}", "turn_{}_0", "item_{}_0_1"])
async def test_no_session_has_an_id_of_another_type(serve: Serve, form: str) -> None:
    client = (await serve(seed=False)).client

    payload = await import_session(client, zagens(form.format("0123456789abcdef" * 2)))

    assert [error["code"] for error in payload["userErrors"]] == ["INVALID_ID"]
    assert (await import_session(client, zagens(form.format("short"))))["userErrors"] == []


async def test_a_message_far_inside_is_reached_in_one_request_with_what_surrounds_it(serve: Serve) -> None:
    server = await serve(seed=False)
    await saved(server, zagens("s", messages=[user("needle" if n == 1_700 else "straw") for n in range(2_000)]))

    data = await server.client.data(
        """{
          node(id: "s:1700") { ... on Message { position session { messageCount } } }
          session(id: "s") {
            search(query: "needle") { nodes { message { id position } } }
            before: messages(last: 2, from: 1700) { nodes { position } }
            after: messages(first: 2, from: 1700) { nodes { position } }
          }
        }"""
    )

    assert data["node"] == {"position": 1_700, "session": {"messageCount": 2_000}}
    assert data["session"] == {
        "search": {"nodes": [{"message": {"id": "s:1700", "position": 1_700}}]},
        "before": {"nodes": [{"position": 1_698}, {"position": 1_699}]},
        "after": {"nodes": [{"position": 1_700}, {"position": 1_701}]},
    }
