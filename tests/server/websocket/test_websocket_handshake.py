"""Handshakes that are refused: each has an answer and an end, and is no error of the server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus

from tests.server.conftest import Lines
from tests.support.databases import SqliteDatabases
from tests.support.raw_socket import opened
from tests.support.server import Served, serving

PATIENCE = 60
START = {
    "host": "127.0.0.1",
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
    "sec-websocket-protocol": "graphql-transport-ws",
}


@pytest.fixture(scope="module")
async def server(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False, max_sockets=1) as served:
            yield served


async def answered(server: Served, method: str, path: str, headers: dict[str, str]) -> int:
    """The status of what comes until the server closes."""
    address = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1"))
    async with asyncio.timeout(PATIENCE):
        answer = await reader.read()
    writer.close()
    return int(answer.split()[1])


def errors(lines: Lines) -> list[object]:
    return [line for line in lines() if line["level"] in {"ERROR", "CRITICAL"}]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/graphql", {"host": "x" * 10_000}, 431),
        ("GET", "/graphql", {f"x-{number}": "" for number in range(200)}, 431),
        ("GET", "/" + "x" * 10_000, {}, 414),
        ("GET", "/graphql", {"content-length": "1"}, 400),
        ("GET", "/graphql", {"sec-websocket-key": "x"}, 400),
        ("GET", "/graphql", {"sec-websocket-version": "12"}, 400),
    ],
)
async def test_a_head_that_is_no_handshake_is_answered_and_its_connection_closed(
    server: Served, lines: Lines, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    assert await answered(server, method, path, START | headers) == status
    assert errors(lines) == []


@pytest.mark.parametrize("value", ["\xff", "\xe4\xf6", "a\tb"])
async def test_any_letters_of_a_header_are_taken(server: Served, lines: Lines, value: str) -> None:
    assert await answered(server, "GET", "/nothing", {**START, "x": value}) in {403, 404}
    assert errors(lines) == []


@pytest.mark.parametrize(
    ("headers", "status"), [({"origin": "http://foreign.example"}, 403), ({"host": "foreign.example"}, 421), ({}, 503)]
)
async def test_a_refusal_is_no_error_of_the_server(
    server: Served, lines: Lines, headers: dict[str, str], status: int
) -> None:
    async with AsyncExitStack() as sockets:
        if status == 503:
            await sockets.enter_async_context(opened(server.url))
        with pytest.raises(InvalidStatus) as refused:
            await sockets.enter_async_context(opened(server.url, headers))
    assert refused.value.response.status_code == status
    assert errors(lines) == []
