"""The blocks of a message: pages of them, and contents that are too long to be parsed at once."""

from typing import Any

import pytest
from httpx2 import Response

from resolvers.message import LONG_CONTENT, MAX_BLOCKS
from tests.conftest import Serve
from tests.support.documents import text, user, zagens
from tests.support.server import Served
from tests.support.sessions import saved
from tests.support.watchdog import check_loop_is_free

CONTENT = """query ($first: Int! = 1000, $from: Int! = 0) { session(id: "s") { messages { nodes {
  content(first: $first, from: $from) { __typename position ... on TextBlock { text } ... on OtherBlock { raw } }
} } } }"""


async def content(server: Served, **variables: Any) -> list[dict[str, Any]]:
    """The blocks of the only message, which graphql-core and plans must agree on."""
    first, *others = [await server.client.data(CONTENT, **variables) for _ in range(3)]
    assert all(other == first for other in others)
    [node] = first["session"]["messages"]["nodes"]
    blocks: list[dict[str, Any]] = node["content"]
    return blocks


async def test_content_is_paged_by_position(serve: Serve) -> None:
    server = await serve(seed=False)
    await saved(server, zagens("s", messages=[user(*map(str, range(1_200)))]))

    for variables, positions in (
        ({}, range(1_000)),
        ({"from": 1_000}, range(1_000, 1_200)),
        ({"first": 3}, range(3)),
        ({"first": 0}, range(1)),
        ({"first": 5_000, "from": 199}, range(199, 1_199)),
        ({"first": 2, "from": 1_199}, range(1_199, 1_200)),
        ({"from": 2**31 - 1}, range(0)),
    ):
        blocks = await content(server, **variables)
        assert [(block["position"], block["text"]) for block in blocks] == [(at, str(at)) for at in positions]


@pytest.mark.parametrize("variables", [{"first": -1}, {"from": -1}])
async def test_negative_arguments_are_refused(serve: Serve, variables: dict[str, int]) -> None:
    server = await serve(seed=False)
    await saved(server, zagens("s", messages=[user("a")]))

    for _ in range(3):
        answer = await server.client.execute(CONTENT, variables)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


LONG = '\u00e9"\\\n' * (LONG_CONTENT // 4)
BLOCKS: list[Any] = [text("first"), {"type": "x", "n": 2**70, "f": 1.5e300, "deep": [[{}]]}, "plain", None, text(LONG)]


@pytest.mark.parametrize("last", [[], [text("last")]])
async def test_a_long_content_is_parsed_as_a_short_one(serve: Serve, last: list[Any]) -> None:
    server = await serve(seed=False)
    await saved(
        server,
        zagens("s", messages=[{"role": "user", "content": [*BLOCKS, *last]}]),
        zagens("t", messages=[{"role": "user", "content": LONG}]),
    )

    blocks = await content(server)
    assert [block["position"] for block in blocks] == list(range(len(BLOCKS) + len(last)))
    assert blocks[0]["text"] == "first"
    assert blocks[1]["raw"] == BLOCKS[1]
    assert [block["raw"] for block in blocks[2:4]] == ["plain", None]
    assert blocks[4]["text"] == LONG
    assert await content(server, **{"from": 4, "first": 1}) == blocks[4:5]
    for id, expected in (("s", "\n".join(["first", LONG, *(["last"] if last else [])])), ("t", LONG)):
        for _ in range(3):
            found = await server.client.data(f'{{ session(id: "{id}") {{ messages {{ nodes {{ text }} }} }} }}')
            assert found["session"]["messages"]["nodes"] == [{"text": expected}]


@pytest.mark.slow
async def test_many_aliases_of_many_blocks_do_not_hold_the_event_loop(serve: Serve) -> None:
    # It takes seconds on a busy machine.
    server = await serve(seed=False, request_seconds=120)

    # A session of its own for each run: the cache has nothing of it.
    async def save(run: int) -> None:
        await saved(server, zagens(f"s{run}", messages=[{"role": "user", "content": [{}] * 300_000}]))

    aliases = " ".join(f"f{number}: content {{ position }}" for number in range(29))

    async def ask(run: int) -> Response:
        query = f'{{ session(id: "s{run}") {{ messages {{ nodes {{ {aliases} text }} }} }} }}'
        for _ in range(3):
            response = await server.client.http.post("/graphql", json={"query": query})
            assert response.status_code == 200
        return response

    response = await check_loop_is_free(ask, save)
    [node] = response.json()["data"]["session"]["messages"]["nodes"]
    assert len(node["f28"]) == 1_000


META = "<turn_meta>x</turn_meta>"


@pytest.mark.slow
@pytest.mark.parametrize("last", [text(META), text("own")])
async def test_whether_many_blocks_are_injected_does_not_hold_the_event_loop(serve: Serve, last: Any) -> None:
    # It takes seconds on a busy machine.
    server = await serve(seed=False, request_seconds=120)

    # A session of its own for each run: the cache has nothing of it.
    async def save(run: int) -> None:
        content = [*[text(META)] * 300_000, last]
        await saved(server, zagens(f"s{run}", messages=[{"role": "user", "content": content}]))

    async def ask(run: int) -> None:
        for _ in range(2):
            data = await server.client.data(f'{{ session(id: "s{run}") {{ messages {{ nodes {{ isInjected }} }} }} }}')
            assert data["session"]["messages"]["nodes"] == [{"isInjected": last["text"] == META}]

    await check_loop_is_free(ask, save)


LISTS: list[Any] = [[]] * 700_000


# One database is enough: what reads blocks knows of none.
@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "block",
    [
        pytest.param({"type": "tool_use", "id": "c", "name": "n", "input": {"lists": LISTS}}, id="values in a call"),
        pytest.param({"type": "tool_result", "tool_use_id": "c", "content": LISTS}, id="values in a result"),
        pytest.param({"type": "tool_result", "tool_use_id": "c", "content": [text("x")] * 150_000}, id="texts"),
        pytest.param(text('"\n' * 1_000_000), id="a text"),
        pytest.param({"type": "other", "lists": LISTS}, id="another block"),
    ],
)
async def test_one_long_block_does_not_hold_the_event_loop(serve: Serve, block: dict[str, Any]) -> None:
    # It takes seconds on a busy machine.
    server = await serve(seed=False, request_seconds=120, max_answer_bytes=100_000_000)

    # A session of its own for each run: the cache has nothing of it.
    async def save(run: int) -> None:
        await saved(server, zagens(f"s{run}", messages=[{"role": "user", "content": [block]}]))

    fields = """content { __typename ... on ToolUseBlock { input } ... on ToolResultBlock { text }
      ... on OtherBlock { raw } } text isInjected"""

    async def ask(run: int) -> Response:
        query = f'{{ session(id: "s{run}") {{ messages {{ nodes {{ {fields} }} }} }} }}'
        for _ in range(3):
            response = await server.client.http.post("/graphql", json={"query": query})
            assert response.status_code == 200
        return response

    response = await check_loop_is_free(ask, save)
    [node] = response.json()["data"]["session"]["messages"]["nodes"]
    [found] = node["content"]
    if block["type"] == "tool_use":
        assert found["input"] == block["input"]
    if block["type"] == "other":
        assert found["raw"] == block


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("items", ["nodes { %s }", "edges { node { %s } }"])
async def test_a_short_list_of_long_messages_does_not_hold_the_event_loop(serve: Serve, items: str) -> None:
    server = await serve(seed=False, request_seconds=120)
    message = {"role": "user", "content": [{}] * (LONG_CONTENT // 4)}

    # A session of its own for each run: the cache has nothing of it.
    async def save(run: int) -> None:
        await saved(server, zagens(f"s{run}", messages=[message] * 50))

    async def ask(run: int) -> None:
        for _ in range(3):
            await server.client.data(f'{{ session(id: "s{run}") {{ messages {{ {items % "text isInjected"} }} }} }}')

    await check_loop_is_free(ask, save)


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_list_of_messages_of_many_blocks_does_not_hold_the_event_loop(serve: Serve) -> None:
    server = await serve(seed=False, request_seconds=120, max_answer_bytes=100_000_000)
    message = {"role": "user", "content": [text("x")] * MAX_BLOCKS}

    # A session of its own for each run: the cache has nothing of it.
    async def save(run: int) -> None:
        await saved(server, zagens(f"s{run}", messages=[message] * 50))

    async def ask(run: int) -> Response:
        query = f'{{ session(id: "s{run}") {{ messages {{ nodes {{ content {{ position __typename }} }} }} }} }}'
        for _ in range(3):
            response = await server.client.http.post("/graphql", json={"query": query})
            assert response.status_code == 200
        return response

    response = await check_loop_is_free(ask, save)
    nodes = response.json()["data"]["session"]["messages"]["nodes"]
    assert [len(node["content"]) for node in nodes] == [MAX_BLOCKS] * 50


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_images_of_a_long_result_are_those_of_a_short_one(serve: Serve) -> None:
    server = await serve(seed=False)

    def result(data: str, **other: object) -> dict[str, object]:
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
        return {"type": "tool_result", "tool_use_id": "c", "content": [text("a"), image], **other}

    blocks = [result("AA=="), result("AA==" * LONG_CONTENT), result("AA==", other="x" * 4 * LONG_CONTENT)]
    await saved(server, zagens("s", messages=[{"role": "user", "content": blocks}]))
    query = '{ session(id: "s") { messages { nodes { content { ... on ToolResultBlock { text images { url } } } } } } }'

    for _ in range(3):
        [node] = (await server.client.data(query))["session"]["messages"]["nodes"]
        assert [block["images"][0]["url"].partition(",")[0] for block in node["content"]] == [
            "data:image/png;base64"
        ] * 3
        assert [len(block["images"]) for block in node["content"]] == [1, 1, 1]
        # A picture is no text.
        assert [block["text"] for block in node["content"]] == ["a"] * 3
