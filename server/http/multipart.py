"""Subscriptions over HTTP: the multipart protocol of Apollo's clients, `subscriptionSpec=1.0`.

https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from starlette.types import Receive, Send
from strawberry.types.execution import ExecutionResult

from server.http.disconnect import left
from server.http.negotiation import media_ranges
from server.http.response import Refusal
from server.open_streams import OpenStreams
from server.results import encoded, response_of

HEARTBEAT_SECONDS = 5.0

_HEADERS = [
    (b"content-type", b"multipart/mixed;boundary=graphql;subscriptionSpec=1.0"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    # Or nginx would keep parts back until it has many.
    (b"x-accel-buffering", b"no"),
]
# Clients take a part as whole once they have read the boundary after it.
_BOUNDARY = b"\r\n--graphql"
_PART = b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n"
_HEARTBEAT: dict[str, Any] = {}
_STOPPING = {"message": "The server is stopping.", "extensions": {"code": "SERVICE_UNAVAILABLE"}}
_LAST_SECONDS = 1.0


def takes_multipart(accept: bytes) -> bool:
    """Whether a request with this Accept header takes a subscription's results in parts."""
    return b"multipart/mixed" in accept.lower() and any(
        media.name == "multipart/mixed"
        and media.parameters.get("subscriptionspec", "").startswith("1.")
        and media.quality > 0
        for media in media_ranges(accept)
    )


async def send_subscription(
    results: AsyncGenerator[ExecutionResult, None], sockets: OpenStreams, receive: Receive, send: Send
) -> None:
    """Sends each result as a part of its own until there are no more, the client has gone, or the server stops.

    Raises Refusal where too much is open already.
    """
    async with aclosing(results):
        if sockets.is_full:
            raise Refusal(503, "SERVICE_UNAVAILABLE", "No more subscriptions can run here.", (b"retry-after", b"5"))
        stream = _Stream(send)
        with sockets.joined(stream), sockets.subscribed():
            await stream.run(results, receive)


class _Stream:
    """One response in parts."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._stopped = asyncio.Event()
        self._alone = asyncio.Lock()

    def stop(self) -> None:
        """End with an error of the transport, so that no client takes it for the subscription's own end."""
        self._stopped.set()

    async def run(self, results: AsyncGenerator[ExecutionResult, None], receive: Receive) -> None:
        await self._send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await self._send_bytes(_BOUNDARY)
        writing = asyncio.create_task(self._write(results), name="reprise-operation")
        leaving = asyncio.create_task(left(receive))
        stopping = asyncio.create_task(self._stopped.wait())
        tasks = {writing, leaving, stopping, asyncio.create_task(self._beat())}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for task in done:
            task.result()
        if leaving not in done:
            async with asyncio.timeout(_LAST_SECONDS):
                if writing not in done:
                    await self._send_part({"payload": None, "errors": [_STOPPING]})
                await self._send_bytes(b"--\r\n", more=False)

    async def _write(self, results: AsyncGenerator[ExecutionResult, None]) -> None:
        """The next result is asked for once the client has read enough of those before."""
        async for result in results:
            await self._send_part({"payload": response_of(result)})

    async def _beat(self) -> None:
        while True:
            await self._send_part(_HEARTBEAT)
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _send_part(self, part: Mapping[str, Any]) -> None:
        async with self._alone:
            await self._send_bytes(_PART + encoded(part).encode() + _BOUNDARY)

    async def _send_bytes(self, body: bytes, *, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})
