"""graphql-transport-ws, case by case, as PROTOCOL.md of enisdenjo/graphql-ws has it."""

from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import ANY
from uuid import uuid4

import pytest

from tests.support.databases import SqliteDatabases
from tests.support.documents import assistant, user, zagens
from tests.support.raw_socket import RawSocket, greeted, opened
from tests.support.resumes import WATCH, cancel, resumed, save
from tests.support.server import Served, serving

SESSIONS = "{ sessions(first: 1) { totalCount } }"
INIT = {"type": "connection_init"}


@pytest.fixture(scope="module")
async def server(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    """A server whose resumes stay queued."""
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False) as served:
            yield served


@pytest.fixture
async def socket(server: Served) -> AsyncIterator[RawSocket]:
    async with greeted(server.url) as socket:
        yield socket


async def queued(server: Served) -> str:
    """A thread whose subscription continues until it is cancelled."""
    document = zagens(uuid4().hex, messages=[user("Ask"), assistant("Answer")])
    thread_id: str = (await resumed(server.client, await save(server.client, document)))["threadId"]
    return thread_id


def subscribe(**payload: Any) -> dict[str, Any]:
    return {"id": "1", "type": "subscribe", "payload": payload}


@pytest.mark.parametrize(
    "message", [INIT, {**INIT, "payload": None}, {**INIT, "payload": {}}, {**INIT, "payload": {"any": 1}, "more": 1}]
)
async def test_connection_init_is_acknowledged(server: Served, message: dict[str, Any]) -> None:
    async with opened(server.url) as socket:
        assert socket.connection.subprotocol == "graphql-transport-ws"
        await socket.send(message)
        assert await socket.receive() == {"type": "connection_ack"}


@pytest.mark.parametrize(
    "text",
    [
        *("[]", '"x"', "null", "1", "{}", "", "{", "NaN", "[" * 10_000),
        *('{"type": null}', '{"type": []}', '{"type": "start"}', '{"type": "next", "id": "1", "payload": {}}'),
        '{"type": "connection_init", "payload": []}',
        '{"type": "connection_init", "payload": "x"}',
        '{"type": "ping", "payload": 1}',
        '{"type": "pong", "payload": []}',
        '{"type": "complete"}',
        '{"type": "complete", "id": 1}',
        '{"type": "complete", "id": ""}',
    ],
)
@pytest.mark.parametrize("is_greeted", [False, True])
async def test_what_is_no_message_closes_with_4400(server: Served, text: str, is_greeted: bool) -> None:
    async with greeted(server.url) if is_greeted else opened(server.url) as socket:
        await socket.connection.send(text)
        code, reason = await socket.closed()
    assert code == 4400
    assert reason


@pytest.mark.parametrize("id", [None, 1, [], ["1"], {}, "", True])
async def test_a_subscribe_message_with_a_wrong_id_closes_with_4400(socket: RawSocket, id: object) -> None:
    await socket.send({**subscribe(query=SESSIONS), "id": id})
    code, reason = await socket.closed()
    assert code == 4400
    assert reason


@pytest.mark.parametrize(
    "payload",
    [
        *(None, [], "x", 1, {}, {"query": None}, {"query": 5}, {"query": []}),
        *({"query": SESSIONS, "variables": 1}, {"query": SESSIONS, "variables": []}),
        *({"query": SESSIONS, "variables": "x"}, {"query": SESSIONS, "variables": False}),
        *({"query": SESSIONS, "extensions": 0}, {"query": SESSIONS, "extensions": []}),
        *({"query": SESSIONS, "operationName": 1}, {"query": SESSIONS, "operationName": {}}),
    ],
)
async def test_a_subscribe_message_with_a_wrong_payload_closes_with_4400(socket: RawSocket, payload: object) -> None:
    await socket.send({**subscribe(query=SESSIONS), "payload": payload})
    code, reason = await socket.closed()
    assert code == 4400
    assert reason


async def test_a_binary_frame_closes_with_4400(socket: RawSocket) -> None:
    await socket.connection.send(b'{"type": "ping"}')
    assert (await socket.closed())[0] == 4400


async def test_a_text_frame_that_is_no_text_closes_with_1007(socket: RawSocket) -> None:
    await socket.connection.send(b"\xff", text=True)
    assert (await socket.closed())[0] == 1007


async def test_a_second_connection_init_closes_with_4429(socket: RawSocket) -> None:
    await socket.send(INIT)
    assert (await socket.closed())[0] == 4429


async def test_subscribe_before_the_acknowledgement_closes_with_4401(server: Served) -> None:
    async with opened(server.url) as socket:
        await socket.send(subscribe(query=SESSIONS))
        assert (await socket.closed())[0] == 4401


async def test_no_connection_init_in_time_closes_with_4408(sqlite_databases: SqliteDatabases) -> None:
    with sqlite_databases.copy() as url:
        async with (
            serving(url, seed=False, init_seconds=0.1) as server,
            greeted(server.url) as in_time,
            opened(server.url) as late,
        ):
            await late.send({"type": "ping"})
            assert await late.receive() == {"type": "pong"}
            assert (await late.closed())[0] == 4408
            await in_time.is_alive()


@pytest.mark.parametrize("subprotocols", [None, ["graphql-ws"], ["soap", "wamp"]])
async def test_another_subprotocol_closes_with_4406(server: Served, subprotocols: list[str] | None) -> None:
    async with opened(server.url, subprotocols=subprotocols) as socket:
        assert socket.connection.subprotocol is None
        assert (await socket.closed())[0] == 4406


async def test_the_right_subprotocol_is_picked_among_others(server: Served) -> None:
    async with opened(server.url, subprotocols=["graphql-ws", "graphql-transport-ws"]) as socket:
        await socket.init()


@pytest.mark.parametrize("payload", [{}, {"a": [1, None]}, {"lone surrogate": "\ud800"}, {"large": 10**40}])
async def test_a_ping_is_answered_with_its_payload(socket: RawSocket, payload: dict[str, Any]) -> None:
    await socket.send({"type": "ping", "payload": payload})
    assert await socket.receive() == {"type": "pong", "payload": payload}


async def test_an_id_with_a_lone_surrogate_gets_the_results_of_a_prepared_query(server: Served) -> None:
    await save(server.client, zagens("surrogate", messages=[user("Ask")]))
    message = subscribe(query='{ session(id: "surrogate") { messages { nodes { rawContent } } } }') | {"id": "\ud800"}
    payload = {"data": {"session": {"messages": {"nodes": [{"rawContent": [{"type": "text", "text": "Ask"}]}]}}}}
    async with greeted(server.url) as socket:
        # A plan, its number, and the cached response.
        for _ in range(5):
            await socket.send(message)
            assert await socket.receive() == {"id": "\ud800", "type": "next", "payload": payload}
            assert await socket.receive() == {"id": "\ud800", "type": "complete"}


@pytest.mark.parametrize("message", [{"type": "ping"}, {"type": "ping", "payload": None}])
async def test_a_ping_without_payload_is_answered_without(server: Served, message: dict[str, Any]) -> None:
    async with opened(server.url) as socket:
        await socket.send(message)
        assert await socket.receive() == {"type": "pong"}


async def test_a_ping_nested_too_deeply_closes_with_4400_or_is_answered(socket: RawSocket) -> None:
    for depth in (200, 300, 900, 1000, 3000):
        payload = '{"a":' * depth + "{}" + "}" * depth
        await socket.connection.send(f'{{"type": "ping", "payload": {payload}}}')
        try:
            message = await socket.receive()
        except Exception:
            assert (await socket.closed())[0] == 4400
            return
        assert message["type"] == "pong"


async def test_a_pong_and_an_unknown_complete_are_taken_silently(socket: RawSocket) -> None:
    await socket.send({"type": "pong", "payload": {"any": 1}})
    await socket.send({"type": "complete", "id": "unknown"})
    await socket.is_alive()


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": ""}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "query \ud800 { sessions }"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "subscription { resumeTask(threadId: 1, a: 2) { id } }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": f"query A {SESSIONS}", "operationName": "B"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": f"query A {SESSIONS} query B {SESSIONS}"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "fragment F on Query { __typename }"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "query ($id: ID!) { session(id: $id) { id } }"}, "BAD_USER_INPUT"),
        ({"query": "subscription { resumeTask(threadId: 1) { id } }"}, "NOT_FOUND"),
    ],
)
async def test_an_operation_that_cannot_run_is_an_error_of_its_own(
    server: Served, payload: dict[str, Any], code: str
) -> None:
    thread_id = await queued(server)
    async with greeted(server.url) as socket:
        await socket.subscribe("other", WATCH, threadId=thread_id)
        assert (await socket.receive())["type"] == "next"

        await socket.send(subscribe(**payload))
        message = await socket.receive()

        assert (message["type"], message["id"]) == ("error", "1")
        assert [error["extensions"]["code"] for error in message["payload"]] == [code]
        await cancel(server.client, thread_id)
        last = [await socket.receive() for _ in range(2)]
        assert [(message["id"], message["type"]) for message in last] == [("other", "next"), ("other", "complete")]
        await socket.is_alive()


async def test_a_query_is_answered_and_complete(socket: RawSocket) -> None:
    await socket.subscribe("q", SESSIONS)
    message = await socket.receive()
    assert message == {"id": "q", "type": "next", "payload": {"data": {"sessions": {"totalCount": ANY}}}}
    assert await socket.receive() == {"id": "q", "type": "complete"}
    await socket.is_alive()


async def test_a_query_s_own_error_comes_with_its_data(socket: RawSocket) -> None:
    await socket.subscribe("q", '{ sessions(first: 1, after: "x") { nodes { id } } }')
    message = await socket.receive()
    assert message["type"] == "next"
    assert message["payload"]["data"] == {"sessions": None}
    assert message["payload"]["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert await socket.receive() == {"id": "q", "type": "complete"}


async def test_a_mutation_runs_with_its_variables(server: Served, socket: RawSocket) -> None:
    thread_id = await queued(server)
    query = "mutation ($id: ID!) { cancelResume(input: { threadId: $id }) { resumeTask { state } } }"
    await socket.subscribe("m", query, id=thread_id)
    assert (await socket.receive())["payload"] == {"data": {"cancelResume": {"resumeTask": {"state": "CANCELED"}}}}
    assert await socket.receive() == {"id": "m", "type": "complete"}


async def test_the_operation_is_chosen_by_its_name(socket: RawSocket) -> None:
    await socket.send(subscribe(query="query A { a: __typename } query B { b: __typename }", operationName="B"))
    assert (await socket.receive())["payload"] == {"data": {"b": "Query"}}


async def test_an_id_in_use_closes_with_4409(server: Served, socket: RawSocket) -> None:
    thread_id = await queued(server)
    await socket.subscribe("1", WATCH, threadId=thread_id)
    assert (await socket.receive())["type"] == "next"
    await socket.subscribe("1", SESSIONS)
    assert (await socket.closed())[0] == 4409


async def test_an_id_is_free_again_after_complete_of_either_side(server: Served, socket: RawSocket) -> None:
    thread_id = await queued(server)
    for _ in range(3):
        await socket.subscribe("1", WATCH, threadId=thread_id)
        assert (await socket.receive())["type"] == "next"
        await socket.send({"id": "1", "type": "complete"})
        await socket.subscribe("1", SESSIONS)
        assert [(await socket.receive())["type"] for _ in range(2)] == ["next", "complete"]


async def test_nothing_comes_after_the_client_s_complete(server: Served, socket: RawSocket) -> None:
    thread_id = await queued(server)
    await socket.subscribe("1", WATCH, threadId=thread_id)
    assert (await socket.receive())["type"] == "next"
    await socket.send({"id": "1", "type": "complete"})
    await socket.is_alive()
    await cancel(server.client, thread_id)
    await socket.is_alive()
