"""Requests to servers in processes of their own, by a client that takes less time than any server."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import orjson

CONNECTIONS = 8
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class Target(NamedTuple):
    """A server, and the whole of the request that is sent to it."""

    port: int
    request: bytes


def target(address: str, path: str, body: object = None) -> Target:
    """A POST of `body`, or a GET when there is none."""
    content = b"" if body is None else orjson.dumps(body)
    head = (
        f"{'GET' if body is None else 'POST'} {path} HTTP/1.1",
        f"host: {address}",
        "content-type: application/json",
        f"content-length: {len(content)}",
    )
    return Target(int(address.rpartition(":")[2]), "\r\n".join([*head, "", ""]).encode() + content)


async def loaded(target: Target, seconds: float) -> int:
    """How many requests were answered in that time, on connections that each wait for their answer."""
    end = time.perf_counter() + seconds
    return sum(await asyncio.gather(*(_client(target, end) for _ in range(CONNECTIONS))))


async def answer(target: Target) -> Any:
    """The JSON value of an answer."""
    async with _connected(target) as (reader, writer):
        return orjson.loads(await _exchanged(reader, writer, target.request))


async def _client(target: Target, end: float) -> int:
    answered = 0
    async with _connected(target) as (reader, writer):
        while time.perf_counter() < end:
            await _exchanged(reader, writer, target.request)
            answered += 1
    return answered


@asynccontextmanager
async def _connected(target: Target) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


async def _exchanged(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes:
    """The body of the answer. No HTTP library: any would take longer than the server that is measured."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    assert head.startswith(b"HTTP/1.1 200 "), head
    assert length is not None, head
    return await reader.readexactly(int(length[1]))
