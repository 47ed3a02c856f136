"""A wrong cursor fails its own connection: the rest of the answer is there."""

from tests.conftest import Serve
from tests.support.documents import user, zagens
from tests.support.resumes import follow, resumed
from tests.support.sessions import imported


async def test_a_wrong_cursor_below_the_root_leaves_the_rest_of_the_answer(serve: Serve) -> None:
    server = await serve()
    await imported(server.client, zagens("s1", messages=[user("a"), user("b")]), zagens("s2", messages=[user("c")]))
    task = await resumed(server.client, "s1")
    await follow(server.client, task["threadId"])
    query = """query ($after: String, $thread: ID!) {
      session(id: "s1") { id messages(after: $after) { nodes { id } } children(after: $after) { totalCount } }
      thread(id: $thread) { mode turns(first: 1) { nodes { id items(after: $after) { totalCount } } } }
      other: thread(id: $thread) { turns(after: $after) { totalCount } }
    }"""
    for _ in range(3):
        answer = await server.client.execute(query, {"after": "x", "thread": task["threadId"]})

        data, turns = answer["data"], answer["data"]["thread"]["turns"]["nodes"]
        assert data["session"] == {"id": "s1", "messages": None, "children": None}
        assert (data["thread"]["mode"], data["other"], turns[0]["items"]) == ("agent", {"turns": None}, None)
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
        assert sorted("/".join(map(str, error["path"])) for error in answer["errors"]) == [
            "other/turns",
            "session/children",
            "session/messages",
            "thread/turns/nodes/0/items",
        ]


async def test_a_cursor_of_one_session_fails_the_pages_of_others_only(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, *(zagens(id, messages=[user("a"), user("b")]) for id in ("s1", "s2", "s3")))
    [cursor] = [
        edge["cursor"]
        for edge in (await client.data('{ session(id: "s2") { messages(first: 1) { edges { cursor } } } }'))["session"][
            "messages"
        ]["edges"]
    ]
    query = "query ($after: String) { sessions { nodes { id messages(after: $after) { nodes { id } } } } }"
    for _ in range(3):
        answer = await client.execute(query, {"after": cursor})

        pages = {node["id"]: node["messages"] for node in answer["data"]["sessions"]["nodes"]}
        assert pages == {"s1": None, "s2": {"nodes": [{"id": "s2:1"}]}, "s3": None}
        assert len(answer["errors"]) == 2
