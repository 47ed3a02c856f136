"""What one websocket, and all of them together, may ask for."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

import resolvers.resume_task
from server.open_streams import OpenStreams
from server.process.server import INIT_BYTES
from tests.support.documents import user, zagens
from tests.support.raw_socket import greeted, opened
from tests.support.resumes import WATCH, cancel, resumed, save
from tests.support.server import Served
from tests.support.subscriptions import started

Serve = Callable[..., Awaitable[Served]]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def queued(server: Served) -> str:
    document = zagens("s1", messages=[user("Ask")])
    thread_id: str = (await resumed(server.client, await save(server.client, document)))["threadId"]
    return thread_id


def open_streams(server: Served) -> OpenStreams:
    streams: OpenStreams = server.app.state.streams
    return streams


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - a counter tells nobody that it has changed
            await asyncio.sleep(0.01)


async def test_one_operation_too_many_is_refused_alone(serve: Serve) -> None:
    server = await serve(seed=False, max_socket_operations=2)
    thread_id = await queued(server)
    async with greeted(server.url) as socket:
        for id in ("1", "2"):
            await socket.subscribe(id, WATCH, threadId=thread_id)
            assert (await socket.receive())["type"] == "next"
        await socket.subscribe("3", WATCH, threadId=thread_id)
        message = await socket.receive()
        assert (message["type"], message["id"]) == ("error", "3")
        assert [error["extensions"]["code"] for error in message["payload"]] == ["SERVICE_UNAVAILABLE"]

        await socket.send({"id": "1", "type": "complete"})
        await socket.subscribe("3", WATCH, threadId=thread_id)
        assert (await socket.receive())["id"] == "3"
        await cancel(server.client, thread_id)
        last = [await socket.receive() for _ in range(4)]
        assert {(message["id"], message["type"]) for message in last} == {
            (id, type) for id in ("2", "3") for type in ("next", "complete")
        }


async def test_one_socket_too_many_is_refused_in_the_handshake_until_another_has_left(serve: Serve) -> None:
    server = await serve(seed=False, max_sockets=2)
    async with greeted(server.url) as first:
        async with greeted(server.url):
            with pytest.raises(InvalidStatus) as refused:
                async with opened(server.url):
                    pass
            response = refused.value.response
            assert (response.status_code, response.headers["retry-after"]) == (503, "5")
            assert json.loads(response.body)["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
        await until(lambda: open_streams(server).open == 1)
        async with greeted(server.url) as second:
            await second.is_alive()
        await first.is_alive()


async def test_sockets_and_subscriptions_are_counted_while_they_last(serve: Serve) -> None:
    server = await serve(seed=False)
    streams, thread_id = open_streams(server), await queued(server)
    assert (streams.open, streams.subscriptions) == (0, 0)
    async with greeted(server.url) as socket:
        await socket.subscribe("q", "{ __typename }")
        assert [(await socket.receive())["type"] for _ in range(2)] == ["next", "complete"]
        assert (streams.open, streams.subscriptions) == (1, 0)
        for id in ("1", "2", "3"):
            await socket.subscribe(id, WATCH, threadId=thread_id)
            assert (await socket.receive())["type"] == "next"
        await until(lambda: streams.subscriptions == 3)
        await socket.send({"id": "1", "type": "complete"})
        await until(lambda: streams.subscriptions == 2)
    await until(lambda: (streams.open, streams.subscriptions) == (0, 0))


@pytest.mark.parametrize("is_fragmented", [False, True])
async def test_a_message_too_large_closes_with_1009(serve: Serve, is_fragmented: bool) -> None:
    server = await serve(seed=False, max_body_bytes=10_000)
    async with greeted(server.url) as socket, greeted(server.url) as other:
        await socket.send({"type": "ping", "payload": {"text": "x" * 9_900}})
        assert (await socket.receive())["type"] == "pong"
        large = json.dumps({"type": "ping", "payload": {"text": "x" * 10_000}})
        await socket.connection.send([large[:5_000], large[5_000:]] if is_fragmented else large)
        assert (await socket.closed())[0] == 1009
        await other.is_alive()


async def test_a_failure_of_the_server_ends_one_operation_and_says_no_more_than_an_id(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server = await serve(seed=False)
    thread_id = await queued(server)

    async def states(context: object, thread_id: str) -> AsyncIterator[object]:
        if thread_id:
            raise RuntimeError("the secret of the house")
        yield None

    async with greeted(server.url) as socket:
        await socket.subscribe("1", WATCH, threadId=thread_id)
        assert (await socket.receive())["type"] == "next"
        monkeypatch.setattr(resolvers.resume_task, "task_updates", started(states))
        await socket.subscribe("2", WATCH, threadId=thread_id)
        message = await socket.receive()
        text = json.dumps(message)
        assert "secret" not in text
        assert "INTERNAL_SERVER_ERROR" in text
        while message["type"] == "next":
            message = await socket.receive()
        assert message["id"] == "2"
        await socket.is_alive()
    assert "the secret of the house" in caplog.text


async def test_a_failure_of_the_socket_itself_closes_with_4500_and_is_logged_by_an_id(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server = await serve(seed=False)
    async with greeted(server.url) as socket:

        def fail(text: str) -> Any:
            raise RuntimeError("the secret of the house")

        with monkeypatch.context() as patched, caplog.at_level(logging.ERROR, "reprise"):
            patched.setattr("server.websocket.socket.parse_message", fail)
            await socket.send({"type": "ping"})
            code, reason = await socket.closed()
    assert code == 4500
    assert "secret" not in reason
    assert reason.split()[-1] in caplog.text
    assert open_streams(server).open == 0


async def test_messages_before_the_acknowledgement_must_be_short(serve: Serve) -> None:
    server = await serve(seed=False)
    async with opened(server.url) as socket:
        await socket.send({"type": "connection_init", "payload": {"padding": "x" * INIT_BYTES}})
        assert (await socket.closed())[0] == 1009
    async with opened(server.url) as socket:
        await socket.init({"padding": "x" * (INIT_BYTES - 100)})
        await socket.subscribe("1", "{ __typename }", padding="x" * 1_000_000)
        assert [(await socket.receive())["type"] for _ in range(2)] == ["next", "complete"]


async def test_messages_of_very_many_values_are_refused_before_they_are_parsed(serve: Serve) -> None:
    server = await serve(seed=False, max_json_values=10_000, max_json_depth=40)
    for variables in ({"a": [1] * 20_000}, {"a": nested(50)}):
        async with greeted(server.url) as socket:
            await socket.subscribe("1", "{ __typename }", **variables)
            code, reason = await socket.closed()

            assert code == 4400
            assert "too complex" in reason


def nested(depth: int) -> list[Any]:
    return [nested(depth - 1)] if depth > 1 else []


async def test_messages_wait_for_memory_and_it_is_returned(serve: Serve) -> None:
    server = await serve(seed=False, max_pending_bytes=1_500_000, request_seconds=1)
    thread_id = await queued(server)
    padding = "x" * 1_000_000
    async with greeted(server.url) as holder, greeted(server.url) as waiter:
        # A subscription keeps its variables.
        await holder.subscribe("1", WATCH, threadId=thread_id, padding=padding)
        assert (await holder.receive())["type"] == "next"
        await waiter.subscribe("1", "{ __typename }", padding=padding)

        assert (await waiter.closed())[0] == 1013
    async with greeted(server.url) as socket:
        await socket.subscribe("1", "{ __typename }", padding=padding)
        assert [(await socket.receive())["type"] for _ in range(2)] == ["next", "complete"]
