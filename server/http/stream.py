"""Subscriptions over HTTP: a response that stays open, and gets a part for each result."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import NamedTuple, Protocol

from starlette.types import Receive, Send
from strawberry.types.execution import ExecutionResult

from server.http.disconnect import wait_for_disconnect
from server.http.response import Refusal
from server.open_streams import OpenStreams

HEARTBEAT_SECONDS = 5.0

STOPPING = {"message": "The server is stopping.", "extensions": {"code": "SERVICE_UNAVAILABLE"}}
_HEADERS = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    # Otherwise nginx buffers parts.
    (b"x-accel-buffering", b"no"),
]
_CLOSE_SECONDS = 1.0


class Encode(Protocol):
    """The part of a stream that carries a result."""

    def __call__(self, result: ExecutionResult, /) -> bytes: ...


class StreamFormat(NamedTuple):
    """How a stream of results is written.

    `complete` ends a subscription that has no more results. `stopped` ends one that the server has to end, so that
    clients do not take it for the end of the subscription.
    """

    content_type: bytes
    start: bytes
    heartbeat: bytes
    encode: Encode
    complete: bytes
    stopped: bytes


async def send_subscription(
    results: AsyncGenerator[ExecutionResult, None],
    form: StreamFormat,
    streams: OpenStreams,
    receive: Receive,
    send: Send,
) -> None:
    """Sends each result as one part, until the results end, the client disconnects or the server stops.

    Raises Refusal when the process has too many open streams.
    """
    async with aclosing(results):
        if streams.is_full:
            raise Refusal(503, "SERVICE_UNAVAILABLE", "Too many subscriptions are open.", (b"retry-after", b"5"))
        stream = _Stream(form, send)
        with streams.register(stream), streams.count_subscription():
            await stream.run(results, receive)


def stream_headers(form: StreamFormat) -> list[tuple[bytes, bytes]]:
    """The headers of a response in this format."""
    return [(b"content-type", form.content_type), *_HEADERS]


class _Stream:
    """One response that stays open."""

    def __init__(self, form: StreamFormat, send: Send) -> None:
        self._form = form
        self._send = send
        self._stopped = asyncio.Event()
        self._lock = asyncio.Lock()

    def stop(self) -> None:
        """End with an error, which clients do not take for the end of the subscription."""
        self._stopped.set()

    async def run(self, results: AsyncGenerator[ExecutionResult, None], receive: Receive) -> None:
        await self._send({"type": "http.response.start", "status": 200, "headers": stream_headers(self._form)})
        await self._send_part(self._form.start)
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
                await self._send_part(self._form.complete if writing in done else self._form.stopped, more=False)

    async def _write(self, results: AsyncGenerator[ExecutionResult, None]) -> None:
        """Sends all results. Backpressure: a result is requested only when the previous one was sent."""
        async for result in results:
            await self._send_part(self._form.encode(result))

    async def _send_heartbeats(self) -> None:
        while True:
            await self._send_part(self._form.heartbeat)
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _send_part(self, part: bytes, *, more: bool = True) -> None:
        async with self._lock:
            await self._send({"type": "http.response.body", "body": part, "more_body": more})
