"""A repeated query is answered by a plan: the effects that clients and the database see."""

import itertools
import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from schema.execution.variables import MAX_JSON_BYTES
from tests.conftest import Serve
from tests.schema.limits.test_time_limit import READ, SECONDS, SLOW_READ, change, kind, refused_soon
from tests.support.client import receive, send
from tests.support.documents import assistant, codewhale, tool_result, tool_use, user, zagens
from tests.support.server import Served
from tests.support.sessions import imported, saved
from tests.support.statements import statements

TITLES = "{ sessions { nodes { title } } }"
MESSAGES = '{ session(id: "s1") { messages { nodes { position } } } }'
BLOCKS = '{ session(id: "s0") { messages { nodes { text } } } }'
_numbers = itertools.count()


async def filled(serve: Serve, **settings: Any) -> Served:
    server = await serve(seed=False, **settings)
    turn = [user("Why?"), assistant(tool_use("t")), user(tool_result("t")), assistant("Because.")]
    await saved(server, *(codewhale(f"s{n}", messages=turn * 3) for n in range(3)))
    return server


async def ran(server: Served, query: str) -> list[str]:
    """The statements of a query, each in one line."""
    with statements(server) as found:
        await server.client.execute(query)
    return [" ".join(statement.split()) for statement in found]


def reads(statement: str, column: str) -> bool:
    return f".{column}" in statement.split(" FROM ")[0]


async def test_a_repeated_query_reads_only_the_selected_columns(serve: Serve) -> None:
    server = await filled(serve)
    for query, column in ((TITLES, "system_prompt"), (MESSAGES, "content")):
        first, *later = [(await ran(server, query))[-1] for _ in range(4)]
        assert reads(first, column)
        assert not any(reads(statement, column) for statement in later)


async def test_a_new_document_gets_no_plan(serve: Serve) -> None:
    server = await filled(serve)
    for _ in range(5):
        assert reads((await ran(server, f"{TITLES} #{next(_numbers)}"))[-1], "system_prompt")


async def test_instants_are_serialized_alike_whatever_their_fraction(serve: Serve) -> None:
    moments = {
        "0001-01-01T00:00:00Z": "0001-01-01T00:00:00.000000Z",
        "1969-12-31T23:59:59.999999Z": "1969-12-31T23:59:59.999999Z",
        "2026-06-11T00:00:00.000001Z": "2026-06-11T00:00:00.000001Z",
        "2026-06-11T07:52:10.5+05:45": "2026-06-11T02:07:10.500000Z",
        "2026-06-11T07:52:10.118Z": "2026-06-11T07:52:10.118000Z",
        "9999-12-31T23:59:59Z": "9999-12-31T23:59:59.000000Z",
        "9999-12-31T23:59:59.999999Z": "9999-12-31T23:59:59.999999Z",
    }
    server = await serve(seed=False)
    await saved(server, *(codewhale(f"s{n}", updated_at=moment) for n, moment in enumerate(moments)))
    for _ in range(3):
        found = await server.client.execute(
            "{ sessions(orderBy: {field: UPDATED_AT, direction: ASC}) { nodes { updatedAt } } }"
        )
        assert [node["updatedAt"] for node in found["data"]["sessions"]["nodes"]] == [*moments.values()]


async def test_prepared_operations_can_be_disabled(serve: Serve) -> None:
    server = await filled(serve, prepared=False)
    for _ in range(4):
        assert reads((await ran(server, TITLES))[-1], "system_prompt")


async def test_each_request_is_answered_by_its_own_variables(serve: Serve) -> None:
    server = await filled(serve)
    asked = """query ($first: Int, $order: SessionOrder = {field: TITLE}, $with: Boolean = false, $title: String) {
      sessions(first: $first, orderBy: $order, filter: {titleContains: $title}) {
        nodes { id messages(first: $first) @include(if: $with) { nodes { position } } }
      }
    }"""
    ids = ["s0", "s1", "s2"]
    for _ in range(3):
        # More than are cached, in turn.
        for first in range(1, 40):
            page = (await server.client.execute(asked, {"first": first, "with": True}))["data"]["sessions"]
            assert len(page["nodes"]) == min(first, 3)
            assert all(len(node["messages"]["nodes"]) == min(first, 12) for node in page["nodes"])
        for direction, order in (("ASC", ids), ("DESC", ids[::-1])):
            variables = {"order": {"field": "CREATED_AT", "direction": direction}, "title": "x" * MAX_JSON_BYTES}
            assert await server.client.execute(asked, variables) == {"data": {"sessions": {"nodes": []}}}
            del variables["title"]
            found = await server.client.execute(asked, variables)
            assert found == {"data": {"sessions": {"nodes": [{"id": id} for id in order]}}}
        for wrong in (True, "1", 1.5, 2**40, 2**70, -1, [1]):
            answer = await server.client.execute(asked, {"first": wrong})
            assert [error["extensions"]["code"] for error in answer.get("errors", ())] == ["BAD_USER_INPUT"], wrong


async def test_websockets_use_prepared_operations(serve: Serve) -> None:
    server = await filled(serve, response_cache_bytes=0)
    with statements(server) as found:
        async with connect(
            server.url.replace("http", "ws", 1) + "/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]
        ) as socket:
            await send(socket, {"type": "connection_init"})
            assert (await receive(socket))["type"] == "connection_ack"
            answers = []
            for id in "123":
                await send(socket, {"id": id, "type": "subscribe", "payload": {"query": TITLES}})
                answers.append((await receive(socket))["payload"])
                assert await receive(socket) == {"id": id, "type": "complete"}
    assert answers[0] == answers[1] == answers[2]
    assert [reads(" ".join(statement.split()), "system_prompt") for statement in found] == [True, False, False]


async def test_a_query_that_always_fails_backs_off_from_its_plan(serve: Serve) -> None:
    server = await filled(serve)
    await change(server, "UPDATE message SET content = '{' WHERE position = 0")
    counts = [len(await ran(server, BLOCKS)) for _ in range(20)]
    # The first request has no plan yet, and the second one's plan fails.
    assert counts[:2] == [2, 4]
    assert counts.count(4) <= 5
    await change(server, "UPDATE message SET content = '[]' WHERE position = 0")
    assert await ran(server, BLOCKS)


@pytest.mark.slow
async def test_a_prepared_operation_has_the_time_limit(serve: Serve) -> None:
    server = await serve(seed=False, request_seconds=SECONDS)
    await imported(server.client, zagens("s", messages=[user("a")]))
    for _ in range(2):
        assert "errors" not in await server.client.execute(READ)
    await change(server, *SLOW_READ[kind(server)])
    await refused_soon(server, READ)


@pytest.mark.parametrize("asked", [None, {"cost": True}])
async def test_the_cost_is_returned_when_requested(serve: Serve, asked: dict[str, bool] | None) -> None:
    server = await filled(serve, max_cost=60)
    answers = []
    for _ in range(3):
        body = {"query": TITLES, "extensions": asked}
        answers.append((await server.client.http.post("/graphql", json=body)).content)
    assert len(set(answers)) == 1
    assert json.loads(answers[0]).get("extensions") == (None if asked is None else {"cost": 50})


async def test_a_prepared_operation_is_refused_when_its_variables_cost_too_much(serve: Serve) -> None:
    server = await filled(serve, max_cost=60)
    query = "query ($n: Int!) { sessions(first: $n) { nodes { title } } }"
    for size, is_refused in ((2, False), (2, False), (61, True), (60, False)):
        answer = await server.client.execute(query, {"n": size})
        codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
        assert codes == (["QUERY_TOO_COMPLEX"] if is_refused else [])


async def test_a_deleted_session_is_null(serve: Serve) -> None:
    server = await filled(serve)
    for _ in range(3):
        assert (await server.client.data(MESSAGES))["session"]
    await server.client.data('mutation { deleteSession(input: {sessionId: "s1"}) { deletedSessionId } }')
    assert (await server.client.data(MESSAGES))["session"] is None
