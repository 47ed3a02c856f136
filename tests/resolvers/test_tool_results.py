"""Tool calls with their results, wherever in the session they are, and results with their messages and pictures."""

from typing import Any

import pytest

from resolvers.message import LONG_CONTENT
from storage.json_codec import dump
from storage.records import tool_result as searching
from tests.support import claude_code
from tests.support.documents import Message, assistant, text, tool_result, tool_use, user, zagens
from tests.support.server import Served
from tests.support.sessions import imported, saved
from tests.support.statements import statements

CALLS = """
query ($id: ID!, $first: Int, $last: Int) { session(id: $id) { messages(first: $first, last: $last) { nodes { content {
  ... on ToolUseBlock {
    position toolUseId result { toolUseId text isError position message { position session { id } } }
  }
} } } } }
"""
IMPORT = "mutation ($text: String!) { importSession(input: { text: $text }) { session { id } userErrors { message } } }"
IMAGES = """
query ($id: ID!) { session(id: $id) { messages { nodes { content {
  ... on ToolResultBlock { text images { position url } message { id } }
} } } } }
"""


async def results(server: Served, id: str, **page: Any) -> list[tuple[str, Any]]:
    """Tool use id and result of each call of a page."""
    data = await server.client.data(CALLS, id=id, **(page or {"first": 500}))
    blocks = [block for node in data["session"]["messages"]["nodes"] for block in node["content"] if block]
    return [(block["toolUseId"], block["result"]) for block in blocks]


async def texts(server: Served, messages: list[Message], **page: Any) -> list[tuple[str, str | None]]:
    await imported(server.client, zagens("s1", messages=messages))
    return [(id, result and result["text"]) for id, result in await results(server, "s1", **page)]


async def test_a_result_is_found_in_the_same_message_the_next_and_later(server: Served) -> None:
    messages = [
        assistant(tool_use("same"), tool_result("same", "1")),
        assistant(tool_use("next"), tool_use("later"), tool_use("never")),
        user(tool_result("next", "2")),
        assistant("a word"),
        user(tool_result("later", "3", True)),
    ]
    assert await texts(server, messages) == [("same", "1"), ("next", "2"), ("later", "3"), ("never", None)]
    found = dict(await results(server, "s1"))
    assert found["later"] == {
        "toolUseId": "later",
        "text": "3",
        "isError": True,
        "position": 0,
        "message": {"position": 4, "session": {"id": "s1"}},
    }


async def test_calls_that_reuse_an_id_have_their_own_results(server: Served) -> None:
    turn = [assistant(tool_use("call_0"), tool_use("call_0")), user(tool_result("call_0", "x"))]
    messages = [assistant(tool_use("call_0"), tool_use("call_0"))]
    messages += [user(tool_result("call_0", "1"), tool_result("call_0", "2"))]
    messages += [assistant(tool_use("call_0")), *turn]
    assert [result for _, result in await texts(server, messages)] == ["1", "2", None, "x", None]


@pytest.mark.slow
@pytest.mark.parametrize("distance", [1, 49, 50, 51, 200, 500])
async def test_a_result_is_found_at_any_distance(server: Served, distance: int) -> None:
    messages = [assistant(tool_use("t")), *[user("word")] * (distance - 1), user(tool_result("t", "far"))]
    assert await texts(server, messages, first=1) == [("t", "far")]


async def test_a_page_of_calls_takes_two_statements_and_far_pages_are_read_apart(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_MAX_GAP", 20)
    turns = [m for n in range(100) for m in (assistant(tool_use(f"t{n}")), user(tool_result(f"t{n}", f"r{n}")))]
    await saved(server, zagens("s1", messages=turns))
    query = """{ session(id: "s1") { a: messages(first: 20) { ...M } b: messages(last: 20) { ...M } } }
      fragment M on MessageConnection { nodes { content { ... on ToolUseBlock { result { text } } } } }"""
    for _ in range(2):
        with statements(server) as said:
            data = (await server.client.data(query))["session"]
    found = [[b["result"]["text"] for n in data[k]["nodes"] for b in n["content"] if b] for k in "ab"]
    assert found == [[f"r{n}" for n in range(10)], [f"r{n}" for n in range(90, 100)]]
    assert len(said) == 1 + 2 + 2 * 2, said


async def test_the_pictures_of_a_result_are_images(server: Served) -> None:
    inlined = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}}
    result = tool_result("t") | {"content": [text("a picture"), inlined, {"type": "image"}]}
    await imported(
        server.client, zagens("s1", messages=[assistant(tool_use("t")), user(result, tool_result("u", "x"))])
    )
    data = await server.client.data(IMAGES, id="s1")
    [block, other] = data["session"]["messages"]["nodes"][1]["content"]
    assert block["images"] == [{"position": 1, "url": "data:image/png;base64,QUJD"}]
    assert (other["images"], other["message"]) == ([], {"id": "s1:1"})


async def test_the_text_of_a_result_has_no_pictures(server: Served) -> None:
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}}
    audio = {"type": "audio", "data": "x"}
    contents = [[picture], [text("a"), picture, text("b")], [picture, audio, text("a" * LONG_CONTENT), audio]]
    contents.append([picture, audio])
    answers = [tool_result("t") | {"content": content} for content in contents]
    await imported(server.client, zagens("s1", messages=[assistant(tool_use("t")), user(*answers)]))
    data = await server.client.data(IMAGES, id="s1")
    blocks = data["session"]["messages"]["nodes"][1]["content"]
    short = '{"type":"audio","data":"x"}'
    long = f'{{"type":"text","text":"{"a" * LONG_CONTENT}"}}'
    assert [block["text"] for block in blocks] == ["", "a\nb", f"[{short},{long},{short}]", f"[{short}]"]
    assert [len(block["images"]) for block in blocks] == [1, 1, 1, 1]


@pytest.mark.parametrize("length", [4, 4 * LONG_CONTENT])
async def test_the_text_of_a_result_has_no_file_in_base64(server: Served, length: int) -> None:
    source = {"type": "base64", "media_type": "application/pdf", "data": "A" * length}
    document = {"type": "document", "source": source}
    picture = {"type": "image", "source": {**source, "media_type": "image/png"}}
    words = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "mint"}}
    contents = [[text("read"), document], [document, picture, text("read"), document], [document], [words, document]]
    answers = [tool_result("t") | {"content": content} for content in contents]
    await imported(server.client, zagens("s1", messages=[assistant(tool_use("t")), user(*answers)]))

    blocks = (await server.client.data(IMAGES, id="s1"))["session"]["messages"]["nodes"][1]["content"]

    assert [block["text"] for block in blocks] == ["read", "read", "", f"[{dump(words)}]"]
    assert [[image["position"] for image in block["images"]] for block in blocks] == [[], [1], [], []]
    raw = "query ($id: ID!) { session(id: $id) { messages { nodes { rawContent } } } }"
    nodes = (await server.client.data(raw, id="s1"))["session"]["messages"]["nodes"]
    assert [one["content"] for one in nodes[1]["rawContent"]] == contents


async def test_results_count_in_the_size_of_the_answer(serve: Any) -> None:
    server = await serve(seed=False, max_answer_bytes=200_000)
    turns = [m for n in range(10) for m in (assistant(tool_use(f"t{n}")), user(tool_result(f"t{n}", "x" * 50_000)))]
    await saved(server, zagens("s1", messages=turns))
    query = """{ session(id: "s1") { messages(first: 20, roles: ASSISTANT) { nodes { content {
      ... on ToolUseBlock { result { isError } } } } } } }"""
    for _ in range(3):
        answer = await server.client.execute(query)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["QUERY_TOO_COMPLEX"]


async def test_what_an_advisor_of_claude_code_said_is_text(server: Served) -> None:
    def asked(id: str, content: dict[str, Any]) -> list[dict[str, Any]]:
        call = {"type": "server_tool_use", "id": id, "name": "advisor", "input": {}}
        return [call, {"type": "advisor_tool_result", "tool_use_id": id, "content": content}]

    made = claude_code.Lines()
    made.user("Which tea is it?")
    made.assistant(
        *asked("srvtoolu_1", {"type": "advisor_result", "text": "Use\nmint.", "stop_reason": "end_turn"}),
        *asked("srvtoolu_2", {"type": "advisor_tool_result_error", "error_code": "overloaded"}),
        claude_code.text("Mint."),
    )
    payload = (await server.client.data(IMPORT, text=made.data().decode()))["importSession"]
    assert payload["userErrors"] == []

    found = await results(server, payload["session"]["id"])
    assert [(id, result["text"], result["isError"]) for id, result in found] == [
        ("srvtoolu_1", "Use\nmint.", False),
        ("srvtoolu_2", "overloaded", True),
    ]
