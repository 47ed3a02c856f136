"""Pages of a session's messages, and the content of messages."""

import json
from typing import Any

from tests.conftest import Serve
from tests.support.client import Client
from tests.support.documents import FILES, assistant, message, text, user, zagens
from tests.support.sessions import imported, run_sql, session

PAGE = """query (
  $id: ID = "s", $first: Int, $after: String, $last: Int, $before: String, $roles: [MessageRole!]
  $from: Int, $isInjected: Boolean
) {
  session(id: $id) {
    messages(
      first: $first, after: $after, last: $last, before: $before, roles: $roles, from: $from, isInjected: $isInjected
    ) {
      edges { cursor node { id position role } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      totalCount
    }
  }
}"""
CONTENT = """messages(first: 500) { nodes { position role text createdAt rawContent content {
  __typename
  position
  ... on TextBlock { text }
  ... on ThinkingBlock { thinking }
  ... on ToolUseBlock { toolUseId name input }
  ... on ToolResultBlock { toolUseId answer: text isError }
  ... on ImageBlock { url }
  ... on OtherBlock { blockKind raw }
} } }"""
ROLES = ["user", "assistant", "assistant_interrupted", "tool", "system", "narrator", "user"]
KNOWN = ["USER", "ASSISTANT", "ASSISTANT", "TOOL", "SYSTEM", "SYSTEM", "USER"]


async def page(client: Client, **arguments: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await client.data(PAGE, **arguments))["session"]["messages"]
    return found


async def refusal(client: Client, **arguments: Any) -> str:
    [error] = (await client.execute(PAGE, arguments))["errors"]
    assert error["path"] == ["session", "messages"]
    code: str = error["extensions"]["code"]
    return code


def positions(found: dict[str, Any]) -> list[int]:
    return [edge["node"]["position"] for edge in found["edges"]]


async def test_messages_are_in_order_and_unknown_roles_are_system(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, zagens("s", messages=[message(role, role) for role in ROLES]))

    found = await page(client)

    assert [edge["node"] for edge in found["edges"]] == [
        {"id": f"s:{position}", "position": position, "role": role} for position, role in enumerate(KNOWN)
    ]


async def test_pages_go_forward_and_backward_with_and_without_roles(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, zagens("s", messages=[message(role, role) for role in ROLES]))
    choices: list[list[str] | None] = [None, [], ["USER"], ["ASSISTANT", "TOOL"], ["SYSTEM", "SYSTEM", "USER"]]

    for roles in choices:
        expected = [n for n, role in enumerate(KNOWN) if roles is None or role in roles]
        whole = await page(client, roles=roles)
        assert (positions(whole), whole["totalCount"]) == (expected, len(expected)), roles
        cursors = {edge["node"]["position"]: edge["cursor"] for edge in whole["edges"]}
        for start in (None, *expected):
            for way, cursor_name in (("first", "after"), ("last", "before")):
                span = [n for n in expected if start is None or (n > start if way == "first" else n < start)]
                wanted = span[:2] if way == "first" else span[-2:]
                cursor = None if start is None else cursors[start]
                found = await page(client, roles=roles, **{way: 2, cursor_name: cursor})
                assert positions(found) == wanted
                assert found["totalCount"] == len(expected)
                info = found["pageInfo"]
                if wanted:
                    assert info["hasPreviousPage"] is (wanted[0] != expected[0])
                    assert info["hasNextPage"] is (wanted[-1] != expected[-1])
                    assert (info["startCursor"], info["endCursor"]) == (cursors[wanted[0]], cursors[wanted[-1]])
                else:
                    assert (info["startCursor"], info["endCursor"]) == (None, None)


async def test_a_page_between_two_cursors_has_the_messages_between_them(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, zagens("s", messages=[user(str(n)) for n in range(8)]))
    for roles in (None, ["USER"]):
        cursors = [edge["cursor"] for edge in (await page(client, roles=roles))["edges"]]

        assert positions(await page(client, roles=roles, after=cursors[1], before=cursors[6], first=3)) == [2, 3, 4]
        assert positions(await page(client, roles=roles, after=cursors[1], before=cursors[6], last=3)) == [3, 4, 5]
        assert positions(await page(client, roles=roles, after=cursors[6], before=cursors[1], last=3)) == []
        assert positions(await page(client, roles=roles, after=cursors[7])) == []


async def test_a_page_begins_at_a_position_or_ends_before_it(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    shown = [user("a"), assistant("b"), user("<turn_meta>\nc\n</turn_meta>"), user("d"), assistant("e"), user("f")]
    await imported(client, zagens("s", messages=shown * 2))
    injected = {2, 8}
    only: list[dict[str, Any]] = [{}, {"isInjected": False}, {"isInjected": True}, {"roles": ["USER"]}]
    only.append({"roles": ["USER"], "isInjected": False})
    for chosen in only:
        expected = [
            n
            for n in range(12)
            if ("roles" not in chosen or n % 6 not in (1, 4))
            and chosen.get("isInjected", n in injected) is (n in injected)
        ]
        for start in (0, 3, 8, 2**31 - 1):
            upward = await page(client, first=2, **chosen, **{"from": start})
            downward = await page(client, last=2, **chosen, **{"from": start})

            assert positions(upward) == [n for n in expected if n >= start][:2]
            assert positions(downward) == [n for n in expected if n < start][-2:]
            for found in (upward, downward):
                assert found["totalCount"] == len(expected)
                if at := positions(found):
                    info = found["pageInfo"]
                    assert info["hasPreviousPage"] is (at[0] != expected[0])
                    assert info["hasNextPage"] is (at[-1] != expected[-1])
                    # The walk continues from its cursors, with the position left out.
                    after = await page(client, first=20, after=info["endCursor"], **chosen)
                    before = await page(client, last=20, before=info["startCursor"], **chosen)
                    assert [*positions(before), *at, *positions(after)] == expected
    cursors = [edge["cursor"] for edge in (await page(client))["edges"]]
    assert positions(await page(client, after=cursors[4], **{"from": 2}, first=2)) == [5, 6]
    assert positions(await page(client, after=cursors[4], **{"from": 7}, first=2)) == [7, 8]
    assert positions(await page(client, before=cursors[4], **{"from": 7}, last=2)) == [2, 3]
    assert positions(await page(client, before=cursors[4], **{"from": 2}, last=5)) == [0, 1]
    assert positions(await page(client, **{"from": 9})) == [9, 10, 11]
    assert await refusal(client, **{"from": -1}) == "BAD_USER_INPUT"


async def test_a_cursor_is_bound_to_its_session_and_roles(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, *(zagens(id, messages=[user("a"), assistant("b"), user("c")]) for id in ("s", "t")))
    cursor = (await page(client, first=1))["pageInfo"]["endCursor"]

    for arguments in (
        {"id": "t", "after": cursor},
        {"roles": ["USER"], "after": cursor},
        {"roles": [], "before": cursor},
        {"after": "x"},
        {"before": ""},
        {"first": -1},
        {"last": -1},
        {"first": 1, "last": 1},
    ):
        assert await refusal(client, **arguments) == "BAD_USER_INPUT", arguments
    assert positions(await page(client, id=" s ", after=cursor)) == [1, 2]


async def test_a_cursor_stays_valid_when_the_transcript_grows(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    messages = [user("a"), assistant("b")]
    await imported(client, zagens("s", messages=messages))
    cursor = (await page(client))["pageInfo"]["endCursor"]
    assert positions(await page(client, after=cursor)) == []

    await imported(client, zagens("s", messages=[*messages, user("c")]))

    assert positions(await page(client, after=cursor)) == [2]


async def test_a_message_has_its_session(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, zagens("s", messages=[user("a")]))

    assert await session(client, "s", "messages { nodes { session { id messages { nodes { text } } } } }") == {
        "messages": {"nodes": [{"session": {"id": "s", "messages": {"nodes": [{"text": "a"}]}}}]}
    }


async def test_blocks_of_every_kind_have_their_type_and_fields(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    document = json.loads((FILES / "codewhale/blocks-of-every-kind.json").read_text(encoding="utf-8"))
    odd = [
        {"type": "thinking", "thinking": "Hm.", "signature": "x"},
        {"type": "tool_use", "id": "t", "name": "grep"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
        {"type": "image_url", "image_url": "https://pictures.example/1.png"},
        {"type": "tool_result", "tool_use_id": "t", "content": [text("a"), text("b")], "is_error": True},
        {"type": "text", "text": 7},
        {"type": 7},
        "loose",
    ]
    document["messages"] += [{"role": "assistant", "content": odd}, assistant("one", "", "two")]
    [saved] = await imported(client, document)

    read = await session(client, saved["id"], CONTENT)

    assert read is not None
    nodes = read["messages"]["nodes"]
    assert [node["rawContent"] for node in nodes] == [one["content"] for one in document["messages"]]
    assert [node["text"] for node in nodes] == ["Look at this", "", "", "", "", "one\n\ntwo"]
    assert [node["createdAt"] for node in nodes] == [None] * 6
    for node in nodes:
        assert [block.pop("position") for block in node["content"]] == list(range(len(node["content"])))
    hologram = document["messages"][1]["content"][3]
    assert [node["content"] for node in nodes[:5]] == [
        [
            {"__typename": "TextBlock", "text": "Look at this"},
            {"__typename": "ImageBlock", "url": "data:image/png;base64,iVBORw0KGgo="},
        ],
        [
            {"__typename": "ToolUseBlock", "toolUseId": "srv_1", "name": "web_search", "input": {"q": "fts5 bm25"}},
            {"__typename": "ToolResultBlock", "toolUseId": "srv_1", "answer": '{"hits":[1,2]}', "isError": False},
            {"__typename": "ToolResultBlock", "toolUseId": "srv_1", "answer": '{"stdout":"3"}', "isError": False},
            {"__typename": "OtherBlock", "blockKind": "hologram", "raw": hologram},
            {"__typename": "TextBlock", "text": ""},
        ],
        [
            {
                "__typename": "ToolResultBlock",
                "toolUseId": "never_called",
                "answer": "an answer without a question",
                "isError": False,
            }
        ],
        [],
        [
            {"__typename": "ThinkingBlock", "thinking": "Hm."},
            {"__typename": "ToolUseBlock", "toolUseId": "t", "name": "grep", "input": None},
            {"__typename": "ImageBlock", "url": "data:image/png;base64,aGk="},
            {"__typename": "ImageBlock", "url": "https://pictures.example/1.png"},
            {"__typename": "ToolResultBlock", "toolUseId": "t", "answer": "a\nb", "isError": True},
            {"__typename": "OtherBlock", "blockKind": "text", "raw": {"type": "text", "text": 7}},
            {"__typename": "OtherBlock", "blockKind": "object", "raw": {"type": 7}},
            {"__typename": "OtherBlock", "blockKind": "string", "raw": "loose"},
        ],
    ]


async def test_a_damaged_message_fails_without_failing_others(serve: Serve) -> None:
    server = await serve(seed=False)
    await imported(server.client, zagens("s", messages=[user("a"), user("b"), user("c")]))
    await run_sql(server, "UPDATE message SET content = '[{' WHERE position = 1")

    answer = await server.client.execute(
        """{ session(id: "s") { title messages { nodes { position content { ... on TextBlock { text } } } } } }"""
    )

    [error] = answer["errors"]
    assert error["extensions"] == {"code": "SESSION_UNREADABLE"}
    assert error["path"] == ["session", "messages", "nodes", 1, "content"]
    assert "[{" not in error["message"]
    assert await session(server.client, "s", "messageCount messages { nodes { position role } }") is not None
    texts = await server.client.execute('{ session(id: "s") { messages(first: 2) { nodes { text } } } }')
    assert [(one["path"], one["extensions"]["code"]) for one in texts["errors"]] == [
        (["session", "messages", "nodes", 1, "text"], "SESSION_UNREADABLE")
    ]
    sound = await session(server.client, "s", "messages(last: 1) { nodes { text } }")
    assert sound == {"messages": {"nodes": [{"text": "c"}]}}
