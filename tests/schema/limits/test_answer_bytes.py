"""An answer beyond its limit in bytes is refused before it is made, by plans and by graphql-core alike."""

import json
from typing import Any

import pytest

from tests.conftest import Serve
from tests.support.client import SubscriptionError
from tests.support.documents import Document, message, user, zagens
from tests.support.server import Served
from tests.support.sessions import saved
from tests.support.statements import statements

LIMIT = 100_000
REFUSED = {
    "message": "The answer would have more than the 100,000 bytes that are allowed; request smaller pages.",
    "extensions": {"code": "QUERY_TOO_COMPLEX"},
}
TEXT = "x" * 30_000


def long_messages(count: int) -> Document:
    return zagens("s", messages=[user(TEXT)] * count)


async def answers(server: Served, query: str, **variables: Any) -> list[dict[str, Any]]:
    """The answers of graphql-core, of a plan, and of a plan after that one."""
    return [await server.client.execute(query, variables) for _ in range(3)]


async def is_refused(server: Served, query: str, **variables: Any) -> bool:
    """Whether all answers are the refusal; otherwise none has errors."""
    found = await answers(server, query, **variables)
    if any("errors" in answer for answer in found):
        assert [answer["errors"] for answer in found] == [[REFUSED]] * 3
        assert all(answer.get("data") is None for answer in found)
        return True
    return False


def aliased(field: str, count: int) -> str:
    return " ".join(f"f{number}: {field}" for number in range(count))


@pytest.mark.parametrize("field", ["rawContent", "text", "content { ... on TextBlock { text } }"])
async def test_each_alias_of_a_large_value_counts(serve: Serve, field: str) -> None:
    server = await serve(seed=False, max_answer_bytes=LIMIT)
    await saved(server, long_messages(1))
    query = '{{ session(id: "s") {{ messages {{ nodes {{ {} }} }} }} }}'

    assert not await is_refused(server, query.format(aliased(field, 3)))
    assert await is_refused(server, query.format(aliased(field, 4)))


async def test_the_nodes_and_edges_of_a_page_count(serve: Serve) -> None:
    server = await serve(seed=False, max_answer_bytes=LIMIT)
    await saved(server, long_messages(3))
    messages = '{{ session(id: "s") {{ messages {{ {} }} }} }}'

    assert not await is_refused(server, messages.format("nodes { rawContent }"))
    assert await is_refused(server, messages.format("nodes { rawContent } edges { node { rawContent } }"))


async def test_texts_of_a_list_count_by_their_characters(serve: Serve) -> None:
    server = await serve(seed=False, max_answer_bytes=LIMIT)
    # Each takes six bytes of JSON, and three of UTF-8.
    for id, character in (("a", "\x01"), ("b", "語")):
        await saved(server, zagens(id, system_prompt=character * 4_500))
    lists = "sessions {{ nodes {{ {} }} }}".format(aliased("systemPrompt", 2))

    assert not await is_refused(server, f"{{ {aliased(lists, 5)} }}")
    assert await is_refused(server, f"{{ {aliased(lists, 6)} }}")


@pytest.mark.slow
@pytest.mark.parametrize("arguments", ["", "(roles: [USER])", "(last: 500)", "(last: 4, roles: [USER, TOOL])"])
async def test_contents_beyond_the_limit_are_not_read(serve: Serve, arguments: str) -> None:
    server = await serve(seed=False, max_answer_bytes=LIMIT)
    await saved(server, long_messages(4))

    query = f'{{{{ session(id: "s") {{{{ messages{arguments} {{{{ nodes {{{{ {{}} }}}} }}}} }}}} }}}}'

    # Nothing of the text would be in the answer.
    assert await is_refused(server, query.format("content { position }"))
    assert await is_refused(server, query.format("content { ... on TextBlock { position } }"))
    assert not await is_refused(server, query.format("position isInjected"))


async def test_contents_of_nodes_beyond_the_limit_are_not_read(serve: Serve) -> None:
    server = await serve(seed=False, max_answer_bytes=LIMIT)
    await saved(server, long_messages(4))

    query = "query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ id ... on Message {{ {} }} }} }}"
    ids = [f"s:{position}" for position in range(4)]
    for fields in ("content { position }", "summary(maxLength: 1)"):
        assert await is_refused(server, query.format(fields), ids=ids)
        assert not await is_refused(server, query.format(fields), ids=ids[:3])
    assert not await is_refused(server, query.format("position isInjected"), ids=ids)


async def test_the_pages_of_an_operation_are_read_within_one_limit(serve: Serve) -> None:
    server = await serve(seed=False, max_answer_bytes=LIMIT)
    await saved(server, long_messages(2))
    page = 'session(id: "s") {{ messages(first: {}) {{ nodes {{ content {{ position }} }} }} }}'

    assert not await is_refused(server, f"{{ {page.format(2)} }}")
    assert await is_refused(server, f"{{ a: {page.format(2)} b: {page.format(3)} }}")


async def test_an_empty_page_is_not_refused(serve: Serve) -> None:
    server = await serve(seed=False, max_answer_bytes=LIMIT)
    await saved(server, long_messages(2))

    query = '{ session(id: "s") { messages(roles: [SYSTEM]) { nodes { rawContent } } } }'
    assert await answers(server, query) == [{"data": {"session": {"messages": {"nodes": []}}}}] * 3


async def test_objects_count_without_any_text(serve: Serve) -> None:
    server = await serve(seed=False, max_answer_bytes=LIMIT)
    await saved(server, zagens("s", messages=[message("user", *[{}] * 600)]))
    query = '{{ session(id: "s") {{ messages {{ nodes {{ {} }} }} }} }}'

    assert not await is_refused(server, query.format("content { position }"))
    assert await is_refused(server, query.format(aliased("content { position }", 3)))


async def test_a_websocket_has_the_same_limit(serve: Serve) -> None:
    server = await serve(seed=False, max_answer_bytes=LIMIT)
    await saved(server, long_messages(4))

    for _ in range(3):
        with pytest.raises(SubscriptionError) as refusal:
            await anext(server.client.subscribe('{ session(id: "s") { messages { nodes { rawContent } } } }'))
        assert refusal.value.errors == [REFUSED]


async def test_each_event_of_a_subscription_has_the_limit(serve: Serve) -> None:
    server = await serve(max_answer_bytes=LIMIT)
    await saved(server, zagens("s", messages=[user("small"), user("x" * 60_000), user("small")]))
    resumed = await server.client.data(
        'mutation { resumeSession(input: {sessionId: "s"}) { resumeTask { threadId } } }'
    )
    thread_id = resumed["resumeSession"]["resumeTask"]["threadId"]
    query = """subscription ($id: ID!) { threadEvents(threadId: $id) {
      seq item { ... on UserMessageItem { a: text b: text } }
    } }"""

    events: list[Any] = []
    async for event in server.client.subscribe(query, {"id": thread_id}):
        events.append(event)
        if len(events) == 5:
            break

    assert [event.get("errors") for event in events] == [None, None, [REFUSED], None, None]


async def test_a_refused_operation_reads_no_contents(serve: Serve) -> None:
    server = await serve(seed=False, max_answer_bytes=LIMIT)
    await saved(server, long_messages(4))
    query = '{ session(id: "s") { messages { nodes { rawContent } } } }'
    assert await is_refused(server, query)

    with statements(server) as ran:
        await server.client.execute(query)

    assert "sum(" in ran[-1]


@pytest.mark.slow
async def test_the_limit_is_a_setting_that_the_default_answer_is_far_from(serve: Serve) -> None:
    server = await serve(seed=False)
    await saved(server, zagens("s", messages=[user("x" * 1_000_000)] * 20))

    answer = await server.client.http.post(
        "/graphql", json={"query": '{ session(id: "s") { messages { nodes { rawContent } } } }'}
    )
    assert len(answer.content) > 20_000_000
    assert "errors" not in json.loads(answer.content)
