"""A client that sends requests and reads responses only when the test says so."""

import asyncio
import base64
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from websockets.frames import Frame, Opcode


class Deaf:
    """A connection that is read on demand, with the smallest receive buffer that the system allows."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    async def send(self, data: bytes) -> None:
        """Send data. Raises TimeoutError when the server accepts none for a second."""
        async with asyncio.timeout(1):
            await asyncio.get_running_loop().sock_sendall(self._connection, data)

    async def send_message(self, message: dict[str, Any]) -> None:
        await self.send_frame(Opcode.TEXT, json.dumps(message).encode())

    async def send_frame(self, opcode: Opcode, data: bytes, *, fin: bool = True) -> None:
        await self.send(Frame(opcode, data, fin).serialize(mask=True))

    async def receive(self, most: int) -> bytes:
        """Receive `count` bytes, or fewer when the connection ends or is idle for a second."""
        received = bytearray()
        with suppress(TimeoutError, ConnectionResetError):
            while len(received) < most:
                async with asyncio.timeout(1):
                    data = await asyncio.get_running_loop().sock_recv(self._connection, most - len(received))
                if not data:
                    break
                received += data
        return bytes(received)


@asynccontextmanager
async def deaf(url: str) -> AsyncIterator[Deaf]:
    """A new connection on which nothing was sent."""
    address = urlsplit(url)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (address.hostname, address.port))
        yield Deaf(connection)


@asynccontextmanager
async def deaf_websocket(url: str) -> AsyncIterator[Deaf]:
    """A websocket after the server has sent connection_ack, which the client has not read."""
    async with deaf(url) as client:
        key = base64.b64encode(os.urandom(16)).decode()
        head = ["GET /graphql HTTP/1.1", f"Host: {urlsplit(url).netloc}", "Connection: Upgrade", "Upgrade: websocket"]
        head += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        head += ["Sec-WebSocket-Protocol: graphql-transport-ws"]
        await client.send("\r\n".join([*head, "", ""]).encode())
        # Frames may come before the handshake's answer was read, but not before it was sent.
        await asyncio.sleep(0.2)
        await client.send_message({"type": "connection_init"})
        yield client
