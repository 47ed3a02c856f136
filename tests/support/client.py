"""A GraphQL client over real HTTP and graphql-transport-ws."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from typing import Any, Self

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

# Seconds for one answer or one message. Generous: it ends tests that hang, it measures nothing.
PATIENCE = 60


class SubscriptionError(Exception):
    """The server ended a subscription with an `error` message; `errors` are its GraphQL errors."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(json.dumps(errors))
        self.errors = errors


class Client:
    """Sends operations to `url` + /graphql, with a bearer token if one is given."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self._url = url
        self._authorization = {"authorization": f"Bearer {token}"} if token else {}
        # trust_env: a proxy of the machine does not lead to the loopback. verify: there is no TLS, and to read whom one
        # would trust takes longer than the server takes to start.
        self.http = httpx2.AsyncClient(
            base_url=url, headers=self._authorization, timeout=PATIENCE, trust_env=False, verify=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def execute(
        self, query: str, variables: Mapping[str, Any] | None = None, operation_name: str | None = None
    ) -> dict[str, Any]:
        """Execute an operation; return the whole response body, whatever its status."""
        body = {"query": query, "variables": variables, "operationName": operation_name}
        response = await self.http.post(
            "/graphql",
            # ASCII with escapes, so that lone surrogates in variables reach the server.
            content=json.dumps({name: value for name, value in body.items() if value is not None}),
            headers={"content-type": "application/json"},
        )
        answer: dict[str, Any] = response.json()
        return answer

    async def data(self, query: str, **variables: Any) -> dict[str, Any]:
        """Execute an operation that must succeed; return its data."""
        answer = await self.execute(query, variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def subscribe(
        self, query: str, variables: Mapping[str, Any] | None = None, *, patience: float = PATIENCE
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The payloads (data and errors) of a subscription, until the server completes it or the generator is closed.

        Leave it early only under contextlib.aclosing. Raises SubscriptionError for an `error` message and
        websockets' ConnectionClosed when the server closes the socket.
        """
        async with connect(
            self._url.replace("http", "ws", 1) + "/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            additional_headers=self._authorization,
            max_size=None,
            open_timeout=PATIENCE,
            proxy=None,
        ) as socket:
            await send(socket, {"type": "connection_init", "payload": self._authorization})
            assert (await receive(socket))["type"] == "connection_ack"
            await send(
                socket, {"id": "1", "type": "subscribe", "payload": {"query": query, "variables": variables or {}}}
            )
            try:
                while (message := await receive(socket, patience))["type"] == "next":
                    yield message["payload"]
            except GeneratorExit:
                with suppress(ConnectionClosed):
                    await send(socket, {"id": "1", "type": "complete"})
                raise
            if message["type"] == "error":
                raise SubscriptionError(message["payload"])
            assert message == {"id": "1", "type": "complete"}


async def send(socket: ClientConnection, message: Mapping[str, Any]) -> None:
    async with asyncio.timeout(PATIENCE):
        await socket.send(json.dumps(message))


async def receive(socket: ClientConnection, patience: float = PATIENCE) -> dict[str, Any]:
    """Receive the next message of an operation; answer pings before it."""
    async with asyncio.timeout(patience):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            if message["type"] != "ping":
                return message
            await socket.send(json.dumps({"type": "pong"}))
