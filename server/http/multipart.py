"""Subscriptions over HTTP: Apollo's multipart protocol, `subscriptionSpec=1.0`.

https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from starlette.types import Receive, Send
from strawberry.types.execution import ExecutionResult

from server.encoding import encoded
from server.http.disconnect import wait_for_disconnect
from server.http.negotiation import media_ranges
from server.http.response import Refusal
from server.open_streams import OpenStreams
from server.results import response_of

HEARTBEAT_SECONDS = 5.0

_HEADERS = [
    (b"content-type", b"multipart/mixed;boundary=graphql;subscriptionSpec=1.0"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    # Otherwise nginx buffers parts.
    (b"x-accel-buffering", b"no"),
]
# Clients take a part as complete when they have read the boundary after it.
_BOUNDARY = b"\r\n--graphql"
_PART = b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n"
_HEARTBEAT: dict[str, Any] = {}
_STOPPING = {"message": "The server is stopping.", "extensions": {"code": "SERVICE_UNAVAILABLE"}}
_CLOSE_SECONDS = 1.0


def accepts_multipart(accept: bytes) -> bool:
    """Whether this Accept header allows subscription results as multipart."""
    return b"multipart/mixed" in accept.lower() and any(
        media.name == "multipart/mixed"
        and media.parameters.get("subscriptionspec", "").startswith("1.")
        and media.quality > 0
        for media in media_ranges(accept)
    )


async def send_subscription(
    results: AsyncGenerator[ExecutionResult, None], streams: OpenStreams, receive: Receive, send: Send
) -> None:
    """Sends each result as one part, until the results end, the client disconnects or the server stops.

    Raises Refusal when the process has too many open streams.
    """
    async with aclosing(results):
        if streams.is_full:
            raise Refusal(503, "SERVICE_UNAVAILABLE", "Too many subscriptions are open.", (b"retry-after", b"5"))
        stream = _MultipartStream(send)
        with streams.register(stream), streams.count_subscription():
            await stream.run(results, receive)


class _MultipartStream:
    """One multipart response."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._stopped = asyncio.Event()
        self._lock = asyncio.Lock()

    def stop(self) -> None:
        """End with a transport error, which clients do not take for the end of the subscription."""
        self._stopped.set()

    async def run(self, results: AsyncGenerator[ExecutionResult, None], receive: Receive) -> None:
        await self._send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await self._send_bytes(_BOUNDARY)
        writing = asyncio.create_task(self._write(results), name="reprise-operation")
        disconnecting = asyncio.create_task(wait_for_disconnect(receive))
        stopping = asyncio.create_task(self._stopped.wait())
        tasks = {writing, disconnecting, stopping, asyncio.create_task(self._send_heartbeats())}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for task in done:
            task.result()
        if disconnecting not in done:
            async with asyncio.timeout(_CLOSE_SECONDS):
                if writing not in done:
                    await self._send_part({"payload": None, "errors": [_STOPPING]})
                await self._send_bytes(b"--\r\n", more=False)

    async def _write(self, results: AsyncGenerator[ExecutionResult, None]) -> None:
        """Sends all results. Backpressure: a result is requested only when the previous one was sent."""
        async for result in results:
            await self._send_part({"payload": response_of(result)})

    async def _send_heartbeats(self) -> None:
        while True:
            await self._send_part(_HEARTBEAT)
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _send_part(self, part: Mapping[str, Any]) -> None:
        async with self._lock:
            await self._send_bytes(_PART + encoded(part).encode() + _BOUNDARY)

    async def _send_bytes(self, body: bytes, *, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})
