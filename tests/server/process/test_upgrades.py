"""Requests that offer an upgrade which is not accepted are answered as any other, and the connection stays open."""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.conftest import Lines
from tests.support.databases import SqliteDatabases
from tests.support.server import Served, serving

PATIENCE = 60
# As curl sends it, Java's HttpClient, and others less often.
OFFERS = {
    "curl": ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"],
    "java": ["Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAEAAEAAAAIAAAAB", "Upgrade: h2c"],
    "websocket": [
        *("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
        *("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: graphql-transport-ws"),
    ],
    "several": ["Upgrade: h2c", "Connection: upgrade", "Upgrade: TLS/1.0, websocket", "Connection: keep-alive"],
    "nothing": ["Connection: upgrade", "Upgrade:"],
}
HANDSHAKE = OFFERS["websocket"]


@pytest.fixture(scope="module")
async def server(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False) as served:
            yield served


class Answer(NamedTuple):
    status: int
    body: Any


class Caller:
    """A connection on which requests are written by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, *packets: bytes) -> None:
        """Each is read by the server before the next is sent."""
        for packet in packets:
            self._writer.write(packet)
            await self._writer.drain()
            await asyncio.sleep(0.002)

    async def answer(self) -> Answer:
        async with asyncio.timeout(PATIENCE):
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            assert length is not None, head
            return Answer(int(head.split()[1]), json.loads(await self._reader.readexactly(int(length[1]))))

    async def is_ended(self) -> bool:
        """Whether the server closes, and has nothing more to say."""
        async with asyncio.timeout(PATIENCE):
            return await self._reader.read() == b""


@pytest.fixture
async def caller(server: Served) -> AsyncIterator[Caller]:
    async with connected(server) as caller:
        yield caller


@asynccontextmanager
async def connected(server: Served) -> AsyncIterator[Caller]:
    address = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield Caller(reader, writer)
    finally:
        writer.close()


def operation(alias: str) -> bytes:
    return json.dumps({"query": f"{{ {alias}: __typename }}"}).encode()


def data(alias: str) -> Answer:
    """What is answered to the operation with that alias."""
    return Answer(200, {"data": {alias: "Query"}})


def post(alias: str, *headers: str, version: str = "1.1", is_chunked: bool = False) -> bytes:
    body = operation(alias)
    framing = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(body)}"
    lines = (f"POST /graphql HTTP/{version}", "Host: localhost", "Content-Type: application/json", *headers, framing)
    if is_chunked:
        body = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    return "\r\n".join([*lines, "", ""]).encode() + body


def get(*headers: str, query: str = "?query={__typename}", version: str = "1.1") -> bytes:
    return "\r\n".join([f"GET /graphql{query} HTTP/{version}", "Host: localhost", *headers, "", ""]).encode()


@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunks"])
@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
async def test_a_post_that_offers_an_upgrade_is_answered_and_so_is_the_next(
    caller: Caller, lines: Lines, offer: list[str], is_chunked: bool
) -> None:
    for alias in ("first", "second"):
        await caller.send(post(alias, *offer, is_chunked=is_chunked))
        assert await caller.answer() == data(alias)
    await caller.send(post("third"))
    assert await caller.answer() == data("third")
    assert [line for line in lines() if line["level"] != "INFO"] == []


@pytest.mark.slow
@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunks"])
async def test_such_a_request_may_come_in_two_packets_parted_anywhere(caller: Caller, is_chunked: bool) -> None:
    request = post("a", *OFFERS["curl"], is_chunked=is_chunked)
    for place in range(1, len(request)):
        await caller.send(request[:place], request[place:])
        assert await caller.answer() == data("a"), place
    await caller.send(*(request[place : place + 1] for place in range(len(request))))
    assert await caller.answer() == data("a")


@pytest.mark.parametrize("offer", [OFFERS["curl"], OFFERS["nothing"]], ids=["curl", "nothing"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_get_that_offers_an_upgrade_is_answered(caller: Caller, offer: list[str], version: str) -> None:
    await caller.send(get(*offer, version=version))

    assert await caller.answer() == data("__typename")


async def test_a_handshake_in_http_1_0_is_a_request(caller: Caller) -> None:
    await caller.send(post("a", *HANDSHAKE, "Connection: keep-alive", version="1.0"))
    assert await caller.answer() == data("a")
    assert await caller.is_ended()


@given(
    parts=st.lists(st.tuples(st.booleans(), st.none() | st.sampled_from(list(OFFERS))), min_size=1, max_size=6),
    cuts=st.lists(st.integers(1, 3_000), max_size=6),
)
async def test_requests_of_all_kinds_in_a_row_are_answered_in_their_order(
    server: Served, parts: list[tuple[bool, str | None]], cuts: list[int]
) -> None:
    requests = [
        post(f"a{number}", *(OFFERS[offer] if offer else ()), is_chunked=is_chunked)
        for number, (is_chunked, offer) in enumerate(parts)
    ]
    sent = b"".join(requests)
    places = [0, *sorted({place for place in cuts if place < len(sent)}), len(sent)]
    async with connected(server) as caller:
        await caller.send(*(sent[start:end] for start, end in pairwise(places)))

        for number in range(len(requests)):
            assert await caller.answer() == data(f"a{number}")


async def test_a_handshake_after_a_request_that_is_being_answered_leaves_its_answer_whole(caller: Caller) -> None:
    await caller.send(post("first") + get(*HANDSHAKE, query="") + post("third"))

    assert await caller.answer() == data("first")
    assert (await caller.answer()).status == 400
    assert await caller.answer() == data("third")


async def test_a_connection_that_is_to_be_closed_after_an_offer_is_closed(caller: Caller) -> None:
    await caller.send(post("a", "Connection: Upgrade, close", "Upgrade: h2c") + post("b"))

    assert await caller.answer() == data("a")
    assert await caller.is_ended()


@pytest.mark.parametrize("target", ["localhost:80", "/graphql"])
async def test_no_tunnel_is_opened(caller: Caller, target: str) -> None:
    await caller.send(f"CONNECT {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() + post("a"))

    assert (await caller.answer()).status in (400, 405)
    assert await caller.is_ended()


async def test_a_client_without_a_token_is_refused_and_the_connection_stays_open(
    sqlite_databases: SqliteDatabases,
) -> None:
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False, token="secret") as server, connected(server) as caller:
            for offer in OFFERS.values():
                await caller.send(post("a", *offer))
                assert (await caller.answer()).status == 401
            await caller.send(post("a", *OFFERS["curl"], "Authorization: Bearer secret"))
            assert await caller.answer() == data("a")


@pytest.mark.parametrize("size", [0, 900_000])
async def test_curl_may_offer_http_2(server: Served, tmp_path: Path, size: int) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    body = tmp_path / "body.json"
    body.write_bytes(json.dumps({"query": "{ a: __typename }", "variables": {"x": "x" * size}}).encode())
    request = ("--header", "Content-Type: application/json", "--data-binary", f"@{body}", f"{server.url}/graphql")
    # Two on one connection.
    process = await asyncio.create_subprocess_exec(
        *(curl, "--silent", "--noproxy", "*", "--http2", *request, "--next", "--silent", "--http2", *request),
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        said, _ = await process.communicate()

    assert said == b'{"data":{"a":"Query"}}' * 2
