"""Clients that try to read without the token, to fill the memory, and to keep others waiting."""

import asyncio
import base64
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from websockets.frames import Frame, Opcode

from tests.support.documents import assistant, text, user, zagens

SECRET = b"xyzzyplugh"
READ = "{ sessions(first: 5) { nodes { title messages(first: 5) { nodes { rawContent } } } } }"
IMPORT = "mutation ($input: ImportSessionInput!) { importSession(input: $input) { outcome } }"
RESUME = "mutation ($input: ResumeSessionInput!) { resumeSession(input: $input) { reused } }"
LETTERS = "bcdfghjklmnpqrst"
MEGABYTE = 1 << 20

Attack = Callable[[], Awaitable[None]]


class Attackers:
    """What they do is drawn from `rng`. `received` is all that strangers were sent."""

    def __init__(self, address: str, token: str, rng: random.Random) -> None:
        self._host, _, port = address.partition(":")
        self._port = int(port)
        self._token = token
        self._rng = rng
        self.received = bytearray()
        self.done: dict[str, int] = {}

    async def attack(self, seconds: float) -> None:
        """One attack, after which its connections are gone. Takes so many seconds at most."""
        attacks: Sequence[Attack] = (
            self._ask_for_the_page,
            self._offer_an_upgrade,
            self._send_large_frames,
            self._subscribe_without_token,
            self._begin_and_stop,
            self._send_slowly,
            self._send_brackets,
            self._send_many_swelling_bodies,
            self._import_words_and_leave,
            self._import_many_blocks,
            self._ask_for_much,
            self._search_long_texts,
        )
        chosen = self._rng.choice(attacks)
        name = chosen.__name__
        with suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            async with asyncio.timeout(seconds):
                await chosen()
        self.done[name] = self.done.get(name, 0) + 1

    # Without the token.

    async def _ask_for_the_page(self) -> None:
        accept = self._rng.choice(["text/html, application/json", "text/html;q=0.1, */*", "*/*, text/html"])
        path = self._rng.choice(["/graphql", "/graphql/", "/graphql?x=1", "//graphql", "/graphql/assets/../../graphql"])
        head = self._head("POST", path, len(_body(READ)), f"Accept: {accept}\r\nOrigin: http://localhost")
        await self._stranger(head + _body(READ))

    async def _offer_an_upgrade(self) -> None:
        protocol = self._rng.choice(["h2c", "websocket", "TLS/1.0", "h2c, websocket"])
        headers = f"Connection: Upgrade\r\nUpgrade: {protocol}"
        await self._stranger(self._head("POST", "/graphql", len(_body(READ)), headers), _body(READ) * 2)

    async def _send_large_frames(self) -> None:
        frame = Frame(Opcode.TEXT, b"x" * self._rng.randrange(10_000, MEGABYTE)).serialize(mask=True)
        await self._stranger(self._handshake(), frame)

    async def _subscribe_without_token(self) -> None:
        start: dict[str, object] = {
            "type": "connection_init",
            "payload": self._rng.choice([None, {}, {"Authorization": "Bearer "}]),
        }
        ask: dict[str, object] = {"type": "subscribe", "id": "1", "payload": {"query": READ}}
        messages = self._rng.choice([[start, ask], [ask], [ask, start, ask]])
        frames = [Frame(Opcode.TEXT, json.dumps(message).encode()).serialize(mask=True) for message in messages]
        await self._stranger(self._handshake(), *frames)

    async def _stranger(self, *parts: bytes) -> None:
        self.received += await self._exchange(*parts)

    # With it.

    async def _begin_and_stop(self) -> None:
        head = self._head("POST", "/graphql", self._rng.choice([10, 100_000, 60 * MEGABYTE]), self._authorization)
        await self._exchange(head[: self._rng.randrange(len(head) + 1)], seconds=self._rng.uniform(0.1, 3))

    async def _send_slowly(self) -> None:
        head = self._head("POST", "/graphql", 60 * MEGABYTE, self._authorization)
        parts = [b" " * self._rng.choice([1, 2 * MEGABYTE])] * 10
        await self._exchange(head, *parts, pause=0.2)

    async def _send_brackets(self) -> None:
        piece = self._rng.choice([b"[],", b"{},", b"[", b'{"a":', b'{"a":1},', b'"",', b"1,"])
        count = self._rng.randrange(1, 30 * MEGABYTE) // len(piece)
        start = b'{"query": "mutation { importSession }", "variables": {"a": ['
        await self._post(start + piece * count + b"1]}}")

    async def _send_many_swelling_bodies(self) -> None:
        piece = self._rng.choice([b"[],", b'{"a":[]},', b'{"k":"v"},'])
        body = b'{"query": "{ __typename }", "variables": {"a": [%s1]}}' % (piece * (900_000 // len(piece)))
        await asyncio.gather(*(self._post(body) for _ in range(self._rng.randrange(2, 15))))

    async def _import_words_and_leave(self) -> None:
        words = ("".join(self._rng.choices(LETTERS, k=7)) for _ in range(self._rng.randrange(1_000, 200_000)))
        await self._import([user(" ".join(words))], seconds=self._rng.uniform(0.1, 5))

    async def _import_many_blocks(self) -> None:
        blocks = [text("x")] * self._rng.randrange(1_000, 60_000)
        session_id = await self._import([user("Ask"), assistant(*blocks)], seconds=10)
        await self._post(_body(RESUME, input={"sessionId": session_id}))

    async def _ask_for_much(self) -> None:
        aliases = " ".join(f"a{n}: messages(first: 5) {{ nodes {{ rawContent }} }}" for n in range(20))
        await self._post(_body(f"{{ sessions(first: 5, orderBy: UPDATED_DESC) {{ nodes {{ {aliases} }} }} }}"))

    async def _search_long_texts(self) -> None:
        characters = [chr(self._rng.randrange(0x4E00, 0x9000)) for _ in range(500)]
        said = "".join(self._rng.choices(characters, k=self._rng.randrange(1_000, 50_000)))
        await self._import([user(said)], seconds=5)
        search = "query ($query: String!) { search(query: $query, first: 20) { nodes { snippet score } } }"
        await self._post(_body(search, query=said[100:104]))

    async def _import(self, messages: list[Any], seconds: float) -> str:
        session_id = f"hostile-{self._rng.randrange(20)}"
        document = zagens(session_id, messages=messages)
        await self._post(_body(IMPORT, input={"document": document}), seconds=seconds)
        return session_id

    async def _post(self, body: bytes, seconds: float = 10) -> bytes:
        return await self._exchange(
            self._head("POST", "/graphql", len(body), self._authorization), body, seconds=seconds
        )

    async def _exchange(self, *parts: bytes, pause: float = 0, seconds: float = 2) -> bytes:
        """What comes back until a response is complete, the server closes, or the time is over."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        received = bytearray()
        sending = asyncio.create_task(_send(writer, parts, pause))
        try:
            async with asyncio.timeout(seconds):
                while data := await reader.read(65_536):
                    received += data
                    head, _, body = bytes(received).partition(b"\r\n\r\n")
                    if b"content-length: %d\r\n" % len(body) in head + b"\r\n" and sending.done():
                        break
        except (TimeoutError, ConnectionError):
            pass
        finally:
            sending.cancel()
            await asyncio.wait([sending])
            writer.transport.abort()
        return bytes(received)

    @property
    def _authorization(self) -> str:
        return f"Authorization: Bearer {self._token}"

    def _head(self, method: str, path: str, length: int, headers: str) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}", f"Content-Length: {length}"]
        return "\r\n".join([*lines, "Content-Type: application/json", headers, "", ""]).encode()

    def _handshake(self) -> bytes:
        key = base64.b64encode(self._rng.randbytes(16)).decode()
        lines = [f"GET /graphql HTTP/1.1\r\nHost: {self._host}\r\nConnection: Upgrade\r\nUpgrade: websocket"]
        lines += [f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13"]
        return "\r\n".join([*lines, "Sec-WebSocket-Protocol: graphql-transport-ws", "", ""]).encode()


async def _send(writer: asyncio.StreamWriter, parts: Sequence[bytes], pause: float) -> None:
    with suppress(ConnectionError):
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)


def _body(query: str, /, **variables: Any) -> bytes:
    return json.dumps({"query": query, "variables": variables}, ensure_ascii=False).encode()
