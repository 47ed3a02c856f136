"""Uvicorn as this application needs it: no client can keep the server from ending."""

import asyncio
import socket
import time
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from schema.limits import Limits
from server.open_streams import OpenStreams
from server.process.connection import STALLED_SECONDS, HttpConnection, WebSocketConnection

CLOSING_SECONDS = 1.0
UNSENT_BYTES = 128 * 1024


def server_config(app: ASGIApp, limits: Limits, **given: Any) -> uvicorn.Config:
    """How the application is served; `given` are further arguments of uvicorn.Config."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        http=HttpConnection,
        ws=WebSocketConnection,
        ws_max_size=limits.body_bytes,
        # A socket's messages are short, and its compressor would take more memory than all else of it.
        ws_per_message_deflate=False,
        **given,
    )


class StreamingServer(uvicorn.Server):
    """Ends websockets and streams before it waits for connections, and leaves behind clients that do not read."""

    def __init__(self, config: uvicorn.Config, sockets: OpenStreams) -> None:
        super().__init__(config)
        self._sockets = sockets

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.started:
            return
        for server in self.servers:
            for listener in server.sockets:
                _bound_unsent(listener)
        self._leaving = asyncio.create_task(self._leave_unread(STALLED_SECONDS), name="reprise-unread")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._leaving.cancel()
        await self._sockets.stop(CLOSING_SECONDS)
        await self._closed(CLOSING_SECONDS)
        leaving = asyncio.create_task(self._leave_unread(CLOSING_SECONDS), name="reprise-unread")
        try:
            await super().shutdown(sockets)
        finally:
            leaving.cancel()

    async def _closed(self, seconds: float) -> None:
        """Returns when all websockets' clients have answered the close, at the latest after so many seconds."""
        end = time.monotonic() + seconds
        while self._has_websockets and time.monotonic() < end:  # noqa: ASYNC110 - uvicorn tells nobody that one has gone
            await asyncio.sleep(0.02)

    @property
    def _has_websockets(self) -> bool:
        return any(isinstance(connection, WebSocketConnection) for connection in self.server_state.connections)

    async def _leave_unread(self, seconds: float) -> None:
        """A closing transport waits for its client to read the rest: for ever, but for this."""
        closing: set[asyncio.Transport] = set()
        while True:
            await asyncio.sleep(seconds)
            still = {
                connection.transport
                for connection in self.server_state.connections
                if connection.transport is not None and connection.transport.is_closing()
            }
            for transport in closing & still:
                transport.abort()
            closing = still - closing


def _bound_unsent(listener: Any) -> None:
    """Bounds what the system keeps for a client of `listener` that has no room for it, by default megabytes.

    So what is sent soon arrives, and a client that reads slowly can be told from one that does not.
    """
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
