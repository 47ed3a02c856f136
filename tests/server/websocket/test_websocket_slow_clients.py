"""Clients that do not read: they cost little memory, and not for long."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.frames import Opcode

import resolvers.resume_task
from server.open_streams import OpenStreams
from server.process import connection
from tests.support.client import PATIENCE
from tests.support.deaf import deaf_websocket
from tests.support.raw_socket import greeted
from tests.support.server import Served
from tests.support.subscriptions import started

Serve = Callable[..., Awaitable[Served]]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

WATCH = 'subscription { resumeTask(threadId: "t") { revision sessionId } }'
SUBSCRIBE: dict[str, Any] = {"id": "1", "type": "subscribe", "payload": {"query": WATCH}}
STATE_BYTES = 100_000
# What is kept of a client that does not read, by the system at both ends and by the server. Left to the system, it is
# several times as much.
KEPT_BYTES = 1024 * 1024


class States:
    """An endless subscription, and how many of its states were asked for."""

    def __init__(self) -> None:
        self.count = 0
        self.is_ended = asyncio.Event()

    async def follow(self, context: object, thread_id: str) -> AsyncIterator[object]:
        try:
            while True:
                self.count += 1
                yield SimpleNamespace(revision=self.count, session_id="x" * STATE_BYTES)
                await asyncio.sleep(0)
        finally:
            self.is_ended.set()

    async def stands_still(self) -> None:
        """Returns when no more states have been asked for in a while."""
        async with asyncio.timeout(PATIENCE):
            before = 0
            while before == 0 or self.count > before:
                before = self.count
                await asyncio.sleep(0.3)


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> States:
    states = States()
    monkeypatch.setattr(resolvers.resume_task, "task_updates", started(states.follow))
    return states


def open_streams(server: Served) -> OpenStreams:
    streams: OpenStreams = server.app.state.streams
    return streams


async def test_no_state_is_made_for_a_client_that_does_not_read(serve: Serve, states: States) -> None:
    server = await serve(seed=False)
    async with deaf_websocket(server.url) as client:
        await client.send_message(SUBSCRIBE)
        await states.stands_still()
        assert states.count * STATE_BYTES < KEPT_BYTES
        async with greeted(server.url) as other:
            await other.is_alive()


async def test_a_client_that_does_not_read_is_left_in_time(
    serve: Serve, states: States, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "STALLED_SECONDS", 0.2)
    server = await serve(seed=False)
    async with deaf_websocket(server.url) as client:
        await client.send_message(SUBSCRIBE)
        async with asyncio.timeout(PATIENCE):
            await states.is_ended.wait()
        await asyncio.sleep(0.1)
        assert (open_streams(server).open, open_streams(server).subscriptions) == (0, 0)


@pytest.mark.slow
async def test_a_client_that_reads_slowly_is_not_left(
    serve: Serve, states: States, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "STALLED_SECONDS", 0.3)
    server = await serve(seed=False)
    async with deaf_websocket(server.url) as client:
        await client.send_message(SUBSCRIBE)
        for _ in range(20):
            await client.receive(200_000)
            await asyncio.sleep(0.1)
        assert open_streams(server).open == 1


@pytest.mark.slow
async def test_pongs_do_not_pile_up_for_a_client_that_does_not_read(serve: Serve, states: States) -> None:
    server = await serve(seed=False)
    payload, pings = b"p" * 125, 20_000
    async with deaf_websocket(server.url) as client:
        await client.send_message(SUBSCRIBE)
        await states.stands_still()
        for _ in range(pings):
            await client.send_frame(Opcode.PING, payload)
        await asyncio.sleep(0.1)
        answered = await client.receive(4 * KEPT_BYTES)
        assert answered.count(payload) < pings / 100


async def test_many_operations_of_a_client_that_does_not_read_are_as_many_as_may_be(
    serve: Serve, states: States
) -> None:
    server = await serve(seed=False, max_socket_operations=3)
    async with deaf_websocket(server.url) as client:
        for number in range(100):
            await client.send_message({**SUBSCRIBE, "id": str(number)})
        await states.stands_still()
        assert open_streams(server).subscriptions <= 3
        assert states.count * STATE_BYTES < KEPT_BYTES
