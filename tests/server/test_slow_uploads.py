"""Clients that send more slowly than the minimum rate."""

import asyncio
import base64
import itertools
import os
import time
from collections.abc import AsyncIterator, Iterable

import pytest
from websockets.frames import Frame, Opcode

from server.http.endpoint import LARGE_BODIES
from tests.support.databases import SqliteDatabases
from tests.support.http import DATA, OPERATION, post
from tests.support.raw_socket import greeted
from tests.support.server import Served, serving

GRACE = 0.6
RATE = 1_000
PATIENCE = 60
HEAD = "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
async def server(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    limits = {"max_body_bytes": 100_000, "max_import_bytes": 10_000_000}
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False, request_seconds=GRACE, min_upload_rate=RATE, **limits) as served:
            yield served


async def response(server: Served, parts: Iterable[bytes], pause: float) -> tuple[int, float]:
    """The status of the response to a request that is sent in parts, and the seconds until it came."""
    reader, writer = await asyncio.open_connection(*server.url.removeprefix("http://").split(":"))

    async def send() -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    began = time.monotonic()
    sending = asyncio.create_task(send())
    try:
        async with asyncio.timeout(PATIENCE):
            status = int((await reader.readline()).split()[1])
        return status, time.monotonic() - began
    finally:
        sending.cancel()
        await asyncio.wait([sending])
        assert sending.cancelled() or isinstance(sending.exception(), ConnectionError | None)
        writer.close()


async def test_a_body_that_never_begins_is_given_up(server: Served) -> None:
    for length in ("Content-Length: 50", "Content-Length: 90000", "Transfer-Encoding: chunked"):
        status, seconds = await response(server, [f"{HEAD}{length}\r\n\r\n".encode()], 0)

        assert status == 408
        assert seconds < 10 * GRACE


@pytest.mark.parametrize(
    "length", [pytest.param(100, marks=pytest.mark.slow), 50_000, pytest.param(5_000_000, marks=pytest.mark.slow)]
)
async def test_a_body_of_few_bytes_a_second_is_given_up(server: Served, length: int) -> None:
    head = f"{HEAD}Content-Length: {length}\r\n\r\n".encode()

    status, seconds = await response(server, itertools.chain([head], itertools.repeat(b" ")), 0.1)

    assert status == 408
    assert seconds < 10 * GRACE


@pytest.mark.slow
async def test_a_large_upload_that_becomes_slow_gives_its_place_to_others(server: Served) -> None:
    head = f"{HEAD}Content-Length: 5000000\r\n\r\n".encode() + b" " * 101_000
    slow = [
        asyncio.create_task(response(server, itertools.chain([head], itertools.repeat(b" ")), 0.1))
        for _ in range(LARGE_BODIES)
    ]
    # What was sent at once counts: a hundred seconds at the minimum rate.
    await asyncio.wait(slow, timeout=3 * GRACE)
    assert not any(task.done() for task in slow)
    for task in slow:
        task.cancel()
    await asyncio.wait(slow)

    assert (await post(server, OPERATION.ljust(90_000))).json() == DATA


@pytest.mark.slow
async def test_a_body_at_the_minimum_rate_is_received(server: Served) -> None:
    body = OPERATION.ljust(4 * RATE).encode()
    head = f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode()
    parts = [body[start : start + RATE // 5] for start in range(0, len(body), RATE // 5)]

    status, seconds = await response(server, [head, *parts], 0.15)

    assert status == 200
    assert seconds > 3 * GRACE


async def test_a_websocket_message_that_arrives_too_slowly_closes_the_socket(server: Served) -> None:
    frame = Frame(Opcode.TEXT, b" " * 50_000).serialize(mask=True)
    async with greeted(server.url) as socket:
        sending = asyncio.create_task(trickle(socket.connection.transport, frame))
        code, reason = await socket.closed()
        sending.cancel()

        assert (code, reason) == (1008, "Message arrived too slowly")


async def test_slow_fragments_of_a_websocket_message_close_the_socket(server: Served) -> None:
    fragments = itertools.chain(
        Frame(Opcode.TEXT, b" ", fin=False).serialize(mask=True),
        *(Frame(Opcode.CONT, b" ", fin=False).serialize(mask=True) for _ in range(1_000)),
    )
    async with greeted(server.url) as socket:
        sending = asyncio.create_task(trickle(socket.connection.transport, bytes(fragments)))
        code, _ = await socket.closed()
        sending.cancel()

        assert code == 1008


async def trickle(transport: asyncio.Transport, data: bytes) -> None:
    for byte in data:
        if transport.is_closing():
            return
        transport.write(bytes([byte]))
        await asyncio.sleep(0.02)


@pytest.mark.slow
async def test_messages_and_pings_with_pauses_between_them_are_not_slow(server: Served) -> None:
    async with greeted(server.url) as socket:
        for _ in range(4):
            await asyncio.sleep(GRACE)
            await socket.connection.ping(base64.b64encode(os.urandom(20)))
            await socket.is_alive()


@pytest.mark.slow
async def test_a_websocket_message_at_the_minimum_rate_is_received(server: Served) -> None:
    message = b'{"type": "ping", "payload": {"alive": true}}'.ljust(4 * RATE)
    frame = Frame(Opcode.TEXT, message).serialize(mask=True)
    async with greeted(server.url) as socket:
        for start in range(0, len(frame), RATE // 5):
            socket.connection.transport.write(frame[start : start + RATE // 5])
            await asyncio.sleep(0.15)

        assert (await socket.receive())["type"] == "pong"
