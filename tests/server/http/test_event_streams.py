"""Operations whose results are server-sent events, as graphql-sse, gateways and EventSource ask for them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

import resolvers.resume_task
from server.http import stream as streams
from server.open_streams import OpenStreams
from tests.support.client import PATIENCE
from tests.support.documents import user, zagens
from tests.support.event_stream import ACCEPT, COMMENT, Events, event_stream
from tests.support.multipart import ACCEPT as MULTIPART
from tests.support.resumes import WATCH, cancel, follow, resumed, save
from tests.support.server import Served
from tests.support.subscriptions import started

Serve = Callable[..., Awaitable[Served]]
TYPE = "text/event-stream; charset=utf-8"
COMPLETE = ("complete", None)
ENDLESS = 'subscription { resumeTask(threadId: "t") { sessionId } }'
# As urql asks for subscriptions.
ANYTHING = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed"
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def queued(server: Served) -> str:
    """A thread whose subscriptions stay open."""
    document = zagens("s1", messages=[user("Ask")])
    thread_id: str = (await resumed(server.client, await save(server.client, document)))["threadId"]
    return thread_id


async def test_each_state_is_an_event_and_complete_is_the_last(serve: Serve) -> None:
    server = await serve(seed=False)
    thread_id = await queued(server)
    async with event_stream(server.client.http, WATCH, {"threadId": thread_id}) as stream:
        assert (stream.response.status_code, stream.response.headers["content-type"]) == (200, TYPE)
        assert stream.response.headers["cache-control"] == "no-store"
        assert stream.response.headers["x-accel-buffering"] == "no"
        assert (await stream.result())["data"]["resumeTask"]["state"] == "QUEUED"
        await cancel(server.client, thread_id)
        last, end = await stream.events()
        (task,) = await follow(server.client, thread_id)
        assert last == ("next", {"data": {"resumeTask": task}})
        assert end == COMPLETE
        assert stream.is_whole


@sqlite
async def test_a_subscription_is_an_event_stream_by_get_too(serve: Serve) -> None:
    server = await serve(seed=False)
    thread_id = await queued(server)
    address = {"query": WATCH, "variables": json.dumps({"threadId": thread_id})}
    async with server.client.http.stream("GET", "/graphql", params=address, headers={"accept": ACCEPT}) as response:
        assert response.headers["content-type"] == TYPE
        assert (await Events(response).result())["data"]["resumeTask"]["state"] == "QUEUED"


@sqlite
async def test_a_hardened_server_streams_events_by_post_alone(serve: Serve) -> None:
    server = await serve(seed=False, hardened=True)
    thread_id = await queued(server)
    address = {"query": WATCH, "variables": json.dumps({"threadId": thread_id})}
    response = await server.client.http.get("/graphql", params=address, headers={"accept": ACCEPT})
    assert response.status_code == 405
    async with event_stream(server.client.http, WATCH, {"threadId": thread_id}) as stream:
        assert (await stream.result())["data"]["resumeTask"]["state"] == "QUEUED"


@sqlite
async def test_a_page_of_another_site_gets_no_stream(serve: Serve) -> None:
    server = await serve(seed=False)
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://stranger.example"}):
        headers["accept"] = ACCEPT
        response = await server.client.http.get("/graphql", params={"query": ENDLESS}, headers=headers)
        assert response.status_code == 403


@sqlite
async def test_comments_come_while_nothing_happens(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.05)
    server = await serve(seed=False)
    thread_id = await queued(server)
    async with event_stream(server.client.http, WATCH, {"threadId": thread_id}) as stream:
        await stream.result()
        assert [await stream.block() for _ in range(5)] == [COMMENT] * 5


@sqlite
@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (ANYTHING, TYPE),
        (f"{ACCEPT};q=0.1, application/json", TYPE),
        (f"{ACCEPT}, {MULTIPART}", "multipart/mixed;boundary=graphql;subscriptionSpec=1.0"),
    ],
)
async def test_a_client_of_several_types_gets_one_that_can_stream(serve: Serve, accept: str, media_type: str) -> None:
    server = await serve(seed=False)
    thread_id = await queued(server)
    async with event_stream(server.client.http, WATCH, {"threadId": thread_id}, accept) as stream:
        assert stream.response.headers["content-type"] == media_type
    response = await server.client.http.post("/graphql", json={"query": "{ __typename }"}, headers={"accept": accept})
    assert response.json() == {"data": {"__typename": "Query"}}


@sqlite
@pytest.mark.parametrize("accept", [f"{ACCEPT};q=0", "text/*", "text/event-streams"])
async def test_a_client_that_takes_no_events_is_refused(serve: Serve, accept: str) -> None:
    server = await serve(seed=False)
    response = await server.client.http.post("/graphql", json={"query": ENDLESS}, headers={"accept": accept})
    assert response.status_code == 406


@sqlite
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ __typename }", None),
        ('mutation { deleteSession(input: {sessionId: "s"}) { deletedSessionId } }', None),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { resumeTask(threadId: "thr_nobody") { id } }', "NOT_FOUND"),
    ],
)
async def test_any_other_operation_is_one_event(serve: Serve, query: str, code: str | None) -> None:
    server = await serve(seed=False)
    async with event_stream(server.client.http, query) as stream:
        assert (stream.response.status_code, stream.response.headers["content-type"]) == (200, TYPE)
        (name, result), end = await stream.events()
        assert (name, end) == ("next", COMPLETE)
        assert [error["extensions"]["code"] for error in result.get("errors", [])] == ([code] if code else [])


@sqlite
async def test_the_token_is_needed(serve: Serve) -> None:
    server = await serve(seed=False, token="secret")
    headers = {"accept": ACCEPT, "authorization": "Bearer wrong"}
    response = await server.client.http.post("/graphql", json={"query": ENDLESS}, headers=headers)
    assert response.status_code == 401


@sqlite
async def test_event_streams_count_among_the_sockets(serve: Serve) -> None:
    server = await serve(seed=False, max_sockets=1)
    open_streams: OpenStreams = server.app.state.streams
    thread_id = await queued(server)
    async with event_stream(server.client.http, WATCH, {"threadId": thread_id}) as stream:
        await stream.result()
        assert (open_streams.open, open_streams.subscriptions) == (1, 1)
        async with event_stream(server.client.http, WATCH, {"threadId": thread_id}) as refused:
            assert refused.response.status_code == 503
    async with asyncio.timeout(PATIENCE):
        while open_streams.open:  # noqa: ASYNC110 - a counter tells nobody that it has changed
            await asyncio.sleep(0.01)


@sqlite
async def test_a_client_that_leaves_ends_its_subscription(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server, is_ended = await serve(seed=False), asyncio.Event()

    async def states(context: object, thread_id: str) -> AsyncIterator[Any]:
        try:
            while True:
                yield SimpleNamespace(session_id="s")
                await asyncio.sleep(0)
        finally:
            is_ended.set()

    monkeypatch.setattr(resolvers.resume_task, "task_updates", started(states))
    async with event_stream(server.client.http, ENDLESS) as stream:
        await stream.result()
    async with asyncio.timeout(PATIENCE):
        await is_ended.wait()


@sqlite
async def test_a_text_with_line_ends_is_one_line(serve: Serve) -> None:
    server = await serve(seed=False)
    await save(server.client, zagens("s1", messages=[user("event: complete\n\ndata: \r\n\r\u2028end")]))
    query = "subscription { sessionChanges(since: 0) { session { messages { nodes { text } } } } }"
    async with event_stream(server.client.http, query) as stream:
        change = (await stream.result())["data"]["sessionChanges"]
    (message,) = change["session"]["messages"]["nodes"]
    assert message["text"] == "event: complete\n\ndata: \r\n\r\u2028end"
