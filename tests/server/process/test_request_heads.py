"""Request lines and headers: how many of them, and how slowly."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable
from urllib.parse import urlsplit

import pytest

from server.process import request_heads
from server.process.request_heads import HEAD_BYTES
from tests.server.conftest import Lines
from tests.support.databases import SqliteDatabases
from tests.support.http import DATA, get
from tests.support.server import Served, serving

PATIENCE = 60
CHUNKED = "POST /graphql HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
UNAUTHENTICATED = (401, "UNAUTHENTICATED")
TOO_LARGE = (431, "BAD_REQUEST")
TOO_SLOW = (408, "BAD_REQUEST")


@pytest.fixture(scope="module")
async def server(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False, token="secret") as served:
            yield served


class Caller:
    """A connection of somebody without a token."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def send(self, *parts: str | bytes) -> None:
        for part in parts:
            self.writer.write(part.encode("latin-1") if isinstance(part, str) else part)
            await self.writer.drain()

    async def answer(self) -> tuple[int, str]:
        """The status and the code of the next response."""
        async with asyncio.timeout(PATIENCE):
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            assert length is not None
            body = json.loads(await self._reader.readexactly(int(length[1])))
        return int(head.split()[1]), body["errors"][0]["extensions"]["code"]

    async def is_ended(self) -> bool:
        """Whether the server closes, and has nothing more to say."""
        async with asyncio.timeout(PATIENCE):
            return await self._reader.read() == b""


@pytest.fixture
async def caller(server: Served) -> AsyncIterator[Caller]:
    address = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    yield Caller(reader, writer)
    writer.close()


def head(size: int, line: str = "GET /graphql HTTP/1.1") -> str:
    """A request without a body whose head has `size` bytes, shared by headers of four thousand at most."""
    start = f"{line}\r\nHost: localhost\r\n"
    while size - len(start) > 5_000:
        start += f"X-Long: {'x' * 4_000}\r\n"
    return start + f"X: {'x' * (size - len(start) - 7)}\r\n\r\n"


def pieces(text: str, size: int = 4_096) -> Iterable[str]:
    return (text[start : start + size] for start in range(0, len(text), size))


async def slowly(caller: Caller, text: str) -> None:
    for piece in pieces(text):
        await caller.send(piece)
        await asyncio.sleep(0.001)


async def test_a_head_of_the_largest_size_is_read_and_one_beyond_it_is_refused(caller: Caller, server: Served) -> None:
    await slowly(caller, head(HEAD_BYTES - 100))
    assert await caller.answer() == UNAUTHENTICATED
    await caller.send(head(2 * HEAD_BYTES))

    assert await caller.answer() == TOO_LARGE
    assert await caller.is_ended()


@pytest.mark.parametrize(
    "text",
    [
        head(HEAD_BYTES + 100),
        f"GET /{'x' * HEAD_BYTES}",
        f"GET / HTTP/1.1\r\nX: {'x' * HEAD_BYTES}",
        f"GET / HTTP/1.1\r\n{'x' * HEAD_BYTES}",
        "GET / HTTP/1.1\r\n" + "X: x\r\n" * (HEAD_BYTES // 6),
        "\r\n" * HEAD_BYTES,
    ],
    ids=["whole", "address", "value", "name", "many", "empty lines"],
)
@pytest.mark.parametrize("is_slow", [True, False])
async def test_a_head_that_is_too_large_is_refused_however_it_comes(caller: Caller, text: str, is_slow: bool) -> None:
    await (slowly if is_slow else Caller.send)(caller, text)

    assert await caller.answer() == TOO_LARGE
    assert await caller.is_ended()


@pytest.mark.parametrize(
    "text", ["0\r\nX: " + "x" * HEAD_BYTES, "0\r\n" + "X: x\r\n" * HEAD_BYTES, "1;" + "x" * HEAD_BYTES]
)
async def test_no_more_comes_in_after_a_body(caller: Caller, text: str) -> None:
    await caller.send(CHUNKED, "\r\n")
    assert await caller.answer() == UNAUTHENTICATED
    await slowly(caller, text)

    assert await caller.answer() == TOO_LARGE
    assert await caller.is_ended()


async def test_many_requests_on_a_connection_are_no_large_head(caller: Caller) -> None:
    for _ in range(20):
        await caller.send(head(HEAD_BYTES // 8))
        assert await caller.answer() == UNAUTHENTICATED
    for _ in range(3):
        large, small = f"{HEAD_BYTES:x}\r\n{'x' * HEAD_BYTES}\r\n", "1\r\nx\r\n"
        await caller.send(CHUNKED, "\r\n", large, small * 20_000, "0\r\n\r\n")
        assert await caller.answer() == UNAUTHENTICATED
    await caller.send(head(HEAD_BYTES // 2))
    assert await caller.answer() == UNAUTHENTICATED


async def test_requests_that_come_at_once_are_answered_each(caller: Caller) -> None:
    await caller.send(head(1_000) * 200)

    for _ in range(200):
        assert await caller.answer() == UNAUTHENTICATED


async def test_what_is_no_request_is_refused(caller: Caller) -> None:
    await caller.send("\0\r\n\r\n")

    assert await caller.answer() == (400, "BAD_REQUEST")
    assert await caller.is_ended()


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_heads, "HEAD_SECONDS", 0.3)


@pytest.mark.usefixtures("hurry")
class TestSlowly:
    async def test_a_connection_on_which_nothing_is_said_is_closed(self, caller: Caller) -> None:
        assert await caller.is_ended()

    @pytest.mark.parametrize("start", ["", head(100)])
    async def test_a_head_that_does_not_end_is_refused(self, caller: Caller, start: str) -> None:
        if start:
            await caller.send(start)
            assert await caller.answer() == UNAUTHENTICATED
        loop = asyncio.get_running_loop()
        began = loop.time()
        for letter in "GET /graphql HTTP/1.1\r\nX: " + "x" * 1000:
            await caller.send(letter)
            await asyncio.sleep(0.02)
            if loop.time() > began + 0.5:
                break

        assert await caller.answer() == TOO_SLOW
        assert await caller.is_ended()

    async def test_empty_lines_do_not_keep_a_connection(self, caller: Caller) -> None:
        await caller.send(head(100))
        assert await caller.answer() == UNAUTHENTICATED
        await caller.send("\r\n")

        assert await caller.answer() == TOO_SLOW
        assert await caller.is_ended()

    async def test_a_refused_body_that_does_not_end_is_not_waited_for(self, caller: Caller) -> None:
        await caller.send(CHUNKED, "\r\n")
        assert await caller.answer() == UNAUTHENTICATED
        await caller.send("1\r\nx\r\n")

        assert await caller.is_ended()

    @pytest.mark.slow
    async def test_a_connection_between_requests_is_kept(self, caller: Caller) -> None:
        for _ in range(3):
            await caller.send(head(100))
            assert await caller.answer() == UNAUTHENTICATED
            await asyncio.sleep(0.5)


async def test_a_refusal_is_no_error_of_the_server(caller: Caller, server: Served, lines: Lines) -> None:
    await caller.send(head(2 * HEAD_BYTES))
    assert await caller.answer() == TOO_LARGE

    assert (await get(server, query="{ __typename }")).json() == DATA
    assert not [line for line in lines() if line["level"] in {"ERROR", "CRITICAL"}]
