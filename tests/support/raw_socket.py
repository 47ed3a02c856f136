"""A websocket on which tests send any frames."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.support.client import PATIENCE

PROTOCOL = "graphql-transport-ws"
Message = dict[str, Any]


class RawSocket:
    """Sends and receives messages without following the protocol."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, message: object) -> None:
        await self.connection.send(json.dumps(message))

    async def subscribe(self, id: str, query: str, /, **variables: Any) -> None:
        payload = {"query": query, "variables": variables}
        await self.send({"id": id, "type": "subscribe", "payload": payload})

    async def receive(self) -> Message:
        async with asyncio.timeout(PATIENCE):
            message: Message = json.loads(await self.connection.recv())
            return message

    async def init(self, payload: Mapping[str, Any] | None = None) -> None:
        await self.send({"type": "connection_init", "payload": payload})
        assert await self.receive() == {"type": "connection_ack"}

    async def closed(self) -> tuple[int, str]:
        """The code and the reason with which the server closes; fails if it sends anything before."""
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(ConnectionClosed) as closed:
                await self.connection.recv()
        assert closed.value.rcvd is not None, "the connection was lost"
        return closed.value.rcvd.code, closed.value.rcvd.reason

    async def is_alive(self) -> None:
        """Assert that the server answers a ping, and sends nothing before that."""
        await self.send({"type": "ping", "payload": {"alive": True}})
        assert await self.receive() == {"type": "pong", "payload": {"alive": True}}


@asynccontextmanager
async def opened(
    url: str, headers: Mapping[str, str] | None = None, subprotocols: Sequence[str] | None = (PROTOCOL,), **options: Any
) -> AsyncIterator[RawSocket]:
    """A new websocket. Raises websockets' InvalidStatus for a refused handshake."""
    async with connect(
        url.replace("http", "ws", 1) + "/graphql",
        subprotocols=None if subprotocols is None else [Subprotocol(name) for name in subprotocols],
        additional_headers=headers,
        open_timeout=PATIENCE,
        proxy=None,
        **options,
    ) as connection:
        yield RawSocket(connection)


@asynccontextmanager
async def greeted(url: str, **options: Any) -> AsyncIterator[RawSocket]:
    """A websocket after connection_ack."""
    async with opened(url, **options) as socket:
        await socket.init()
        yield socket
