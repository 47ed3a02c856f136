"""Requests are counted when they are answered, and servers are compared only while they answer alike."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.speed.answering import _rounds
from tests.speed.requests import CONNECTIONS, Target, answer, loaded, target


class Stub:
    """An HTTP server that gives each request the same answer, and counts them."""

    def __init__(self, body: bytes, status: str = "200 OK") -> None:
        self._answer = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body
        self.requests = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Target]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        async with server:
            yield target(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", "/")

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                writer.write(self._answer)
        except asyncio.IncompleteReadError:
            writer.close()


async def test_as_many_requests_are_counted_as_were_answered() -> None:
    stub = Stub(b"{}")
    async with stub.serving() as there:
        assert await loaded(there, 0.05) == stub.requests >= CONNECTIONS


async def test_a_refusal_is_not_an_answer() -> None:
    async with Stub(b"{}", "503 Service Unavailable").serving() as there:
        with pytest.raises(AssertionError, match="503"):
            await answer(there)


async def test_servers_that_answer_alike_have_two_ratios() -> None:
    same = b'{"createdAt": "2026-01-01T00:00:00Z"}'
    async with Stub(same).serving() as ours, Stub(same.replace(b"00Z", b"00.000Z")).serving() as limit:
        to_limit, to_plain = await _rounds("list", ("to limit", "to plain"), [ours, limit, limit], 1, 0.05)

    assert (to_limit.unit, to_plain.unit) == ("to limit", "to plain")
    assert (to_limit.ours, to_plain.ours) == (None, None)


async def test_servers_that_answer_otherwise_are_not_measured() -> None:
    async with Stub(b'{"id": 1}').serving() as ours, Stub(b'{"id": 2}').serving() as limit:
        with pytest.raises(AssertionError):
            await _rounds("list", ("to limit", "to plain"), [ours, limit, ours], 1, 0.05)
