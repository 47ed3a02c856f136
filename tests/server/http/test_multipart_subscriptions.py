"""Subscriptions over HTTP in parts, as Apollo's clients ask for them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

import resolvers.resume_task
from server.http import stream as streams
from server.open_streams import OpenStreams
from server.process import connection
from tests.support.client import PATIENCE
from tests.support.deaf import deaf
from tests.support.documents import user, zagens
from tests.support.multipart import ACCEPT, HEARTBEAT, streamed
from tests.support.resumes import WATCH, cancel, follow, resumed, save
from tests.support.server import Served
from tests.support.subscriptions import started

Serve = Callable[..., Awaitable[Served]]
TYPE = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0"
ENDLESS = 'subscription { resumeTask(threadId: "t") { sessionId } }'
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def queued(server: Served) -> str:
    """A thread whose subscriptions stay open."""
    document = zagens("s1", messages=[user("Ask")])
    thread_id: str = (await resumed(server.client, await save(server.client, document)))["threadId"]
    return thread_id


def open_streams(server: Served) -> OpenStreams:
    streams: OpenStreams = server.app.state.streams
    return streams


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - a counter tells nobody that it has changed
            await asyncio.sleep(0.01)


async def test_each_state_is_a_part_and_the_last_one_ends_the_response(serve: Serve) -> None:
    server = await serve(seed=False)
    thread_id = await queued(server)
    async with streamed(server.client.http, WATCH, {"threadId": thread_id}) as stream:
        assert (stream.response.status_code, stream.response.headers["content-type"]) == (200, TYPE)
        assert (await stream.payload())["data"]["resumeTask"]["state"] == "QUEUED"
        await cancel(server.client, thread_id)
        (last,) = await stream.parts()
        assert [last["payload"]["data"]["resumeTask"]] == await follow(server.client, thread_id)
        assert stream.is_whole


@sqlite
async def test_a_part_can_be_read_by_its_length_before_anything_follows(serve: Serve) -> None:
    # As gql with aiohttp does, which otherwise waits for bytes of later parts.
    server = await serve(seed=False)
    variables = {"threadId": await queued(server)}
    body = {"query": WATCH, "variables": variables}
    async with server.client.http.stream("POST", "/graphql", json=body, headers={"accept": ACCEPT}) as response:
        received = b""
        async with asyncio.timeout(PATIENCE):
            async for chunk in response.aiter_raw():
                received += chunk
                if b'"payload"' in received and received.endswith(b"\r\n--graphql"):
                    break
        head, start, rest = received.partition(b'{"payload"')
        length = int(head.rpartition(b"content-length: ")[2])
        payload = json.loads((start + rest)[:length])["payload"]
        assert payload["data"]["resumeTask"]["state"] == "QUEUED"


@sqlite
async def test_heartbeats_come_while_nothing_happens(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.05)
    server = await serve(seed=False)
    thread_id = await queued(server)
    async with streamed(server.client.http, WATCH, {"threadId": thread_id}) as stream:
        await stream.payload()
        assert [await stream.part() for _ in range(5)] == [HEARTBEAT] * 5


@sqlite
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ __typename }", None),
    ],
)
async def test_what_is_no_subscription_is_answered_at_once(serve: Serve, query: str, code: str | None) -> None:
    server = await serve(seed=False)
    response = await server.client.http.post("/graphql", json={"query": query}, headers={"accept": ACCEPT})
    assert response.headers["content-type"].startswith("application/json")
    errors = response.json().get("errors", [])
    assert [error["extensions"]["code"] for error in errors] == ([code] if code else [])


@sqlite
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { resumeTask(threadId: "thr_nobody") { id } }', "NOT_FOUND"),
    ],
)
async def test_an_error_of_the_subscription_is_its_only_part(serve: Serve, query: str, code: str) -> None:
    server = await serve(seed=False)
    async with streamed(server.client.http, query) as stream:
        (part,) = await stream.parts()
        (error,) = part["payload"]["errors"]
        assert error["extensions"]["code"] == code
        assert stream.is_whole


@sqlite
@pytest.mark.parametrize("accept", ["application/json", "multipart/mixed", "multipart/mixed;deferSpec=20220824", "*/*"])
async def test_a_subscription_for_a_client_that_takes_no_parts_is_refused(serve: Serve, accept: str) -> None:
    server = await serve(seed=False)
    response = await server.client.http.post("/graphql", json={"query": ENDLESS}, headers={"accept": accept})
    assert response.status_code in (400, 406)
    assert response.json()["errors"]


@sqlite
async def test_the_token_is_needed(serve: Serve) -> None:
    server = await serve(seed=False, token="secret")
    headers = {"accept": ACCEPT, "authorization": "Bearer wrong"}
    response = await server.client.http.post("/graphql", json={"query": ENDLESS}, headers=headers)
    assert response.status_code == 401


@sqlite
async def test_streams_count_among_the_sockets_and_are_bounded_with_them(serve: Serve) -> None:
    server = await serve(seed=False, max_sockets=1)
    thread_id = await queued(server)
    async with streamed(server.client.http, WATCH, {"threadId": thread_id}) as stream:
        await stream.payload()
        assert (open_streams(server).open, open_streams(server).subscriptions) == (1, 1)
        body = {"query": WATCH, "variables": {"threadId": thread_id}}
        response = await server.client.http.post("/graphql", json=body, headers={"accept": ACCEPT})
        assert response.status_code == 503
        assert response.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
    await until(lambda: (open_streams(server).open, open_streams(server).subscriptions) == (0, 0))


class States:
    """An endless subscription of large states, and how many were asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.is_ended = asyncio.Event()
        monkeypatch.setattr(resolvers.resume_task, "task_updates", started(self.follow))

    async def follow(self, context: object, thread_id: str) -> AsyncIterator[Any]:
        try:
            while True:
                self.count += 1
                yield SimpleNamespace(session_id="x" * 100_000)
                await asyncio.sleep(0)
        finally:
            self.is_ended.set()


@sqlite
async def test_a_client_that_leaves_ends_its_subscription(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server, states = await serve(seed=False), States(monkeypatch)
    async with streamed(server.client.http, ENDLESS) as stream:
        await stream.payload()
    async with asyncio.timeout(PATIENCE):
        await states.is_ended.wait()


@sqlite
async def test_a_client_that_does_not_read_costs_little_and_is_left_in_time(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "STALLED_SECONDS", 0.5)
    server, states = await serve(seed=False), States(monkeypatch)
    async with deaf(server.url) as client:
        body = ENDLESS.replace('"', '\\"').join(['{"query": "', '"}'])
        head = ["POST /graphql HTTP/1.1", "Host: localhost", f"Accept: {ACCEPT}", "Content-Type: application/json"]
        await client.send("\r\n".join([*head, f"Content-Length: {len(body)}", "", body]).encode())
        async with asyncio.timeout(PATIENCE):
            await states.is_ended.wait()
        assert 1 <= states.count <= 10
    await until(lambda: open_streams(server).open == 0)
