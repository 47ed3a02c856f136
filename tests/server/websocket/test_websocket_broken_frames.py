"""Frames that break RFC 6455: the socket is closed with a code, and the log holds a line and no traceback."""

import socket
from collections.abc import AsyncIterator

import anyio.to_thread
import pytest

from tests.server.conftest import Lines
from tests.support.databases import SqliteDatabases
from tests.support.server import Served, serving

PATIENCE = 60
HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
MASK = bytes(4)


def frame(first: int, payload: bytes = b"") -> bytes:
    return bytes([first, 0x80 | len(payload)]) + MASK + payload


FRAMES = {
    "text that is not UTF-8": (frame(0x81, b"\xff"), 1007),
    "half a letter": (frame(0x81, b"\xc3"), 1007),
    "a surrogate": (frame(0x81, b"\xed\xa0\x80"), 1007),
    "fragments that are not UTF-8": (frame(0x01, b"\xff") + frame(0x80, b"\xff"), 1007),
    "a reason that is not UTF-8": (frame(0x88, b"\x03\xe8\xff"), 1007),
    "half a code": (frame(0x88, b"\x03"), 1002),
    "a code that is none": (frame(0x88, b"\x00\x00"), 1002),
    "a reserved bit": (frame(0xC1, b"{}"), 1002),
    "a reserved opcode": (frame(0x83), 1002),
    "no mask": (b"\x81\x02{}", 1002),
    "a continuation of nothing": (frame(0x80, b"{}"), 1002),
    "a message within another": (frame(0x01, b"{") + frame(0x81, b"}"), 1002),
    "a ping in fragments": (frame(0x09), 1002),
    "a long ping": (b"\x89\xfe\x00\x80" + MASK + bytes(128), 1002),
    "a message beyond all bounds": (b"\x81\xff" + b"\x7f" + b"\xff" * 7 + MASK, 1009),
    "a length of 64 bits with its sign": (b"\x81\xff" + b"\xff" * 8 + MASK, 1009),
    "a binary frame": (frame(0x82, b"{}"), 4400),
}


@pytest.fixture(scope="module")
async def server(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False, token="secret") as served:
            yield served


@pytest.mark.parametrize(("sent", "code"), FRAMES.values(), ids=FRAMES)
async def test_a_strangers_broken_frame_closes_the_socket_and_logs_no_traceback(
    server: Served, lines: Lines, sent: bytes, code: int
) -> None:
    closed = await anyio.to_thread.run_sync(_closing_code, server, sent)

    assert closed == code
    assert [line for line in lines() if "exception" in line or line["level"] in {"ERROR", "CRITICAL"}] == []


def _closing_code(server: Served, sent: bytes) -> int:
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), PATIENCE) as connection, connection.makefile("rb") as answer:
        connection.sendall(HANDSHAKE)
        while answer.readline() != b"\r\n":
            pass
        connection.sendall(sent)
        first, length, *code = answer.read(4)
        assert (first, length >= 2) == (0x88, True)
        return int.from_bytes(bytes(code))
