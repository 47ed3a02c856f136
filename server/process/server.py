"""Uvicorn's server with a shutdown that no client can delay."""

import asyncio
import socket
import time
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from schema.limits import Limits
from server.open_streams import OpenStreams
from server.process.connection import STALLED_SECONDS, HttpConnection, LimitedConfig, WebSocketConnection
from server.process.memory import give_back_memory

CLOSING_SECONDS = 1.0
INIT_BYTES = 16 * 1024
"""Maximum size of a websocket message before `connection_ack`."""
UNSENT_BYTES = 128 * 1024


def server_config(app: ASGIApp, limits: Limits, **arguments: Any) -> uvicorn.Config:
    """The configuration of Uvicorn; `arguments` are further arguments of uvicorn.Config."""
    config = LimitedConfig(
        app,
        log_config=None,
        access_log=False,
        http=HttpConnection,
        ws=WebSocketConnection,
        # Until a client is authenticated: `connection_init` is short.
        ws_max_size=min(INIT_BYTES, limits.body_bytes),
        # Messages are short, and a compressor takes more memory than everything else of a websocket.
        ws_per_message_deflate=False,
        # Else a request has the context of another one that is pipelined before it, or that continued to read.
        reset_contextvars=True,
        **arguments,
    )
    config.limits = limits
    return config


class StreamingServer(uvicorn.Server):
    """Closes websockets and streams before it waits for connections, and aborts clients that do not read."""

    def __init__(self, config: uvicorn.Config, streams: OpenStreams) -> None:
        super().__init__(config)
        self._streams = streams

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.started:
            return
        for server in self.servers:
            for listener in server.sockets:
                _limit_unsent(listener)
        self._aborting = asyncio.create_task(self._abort_unread(STALLED_SECONDS), name="reprise-unread")
        self._giving_back = asyncio.create_task(give_back_memory(), name="reprise-memory")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._aborting.cancel()
        self._giving_back.cancel()
        await self._streams.stop(CLOSING_SECONDS)
        await self._wait_for_websockets(CLOSING_SECONDS)
        aborting = asyncio.create_task(self._abort_unread(CLOSING_SECONDS), name="reprise-unread")
        try:
            await super().shutdown(sockets)
        finally:
            aborting.cancel()

    async def _wait_for_websockets(self, timeout: float) -> None:
        """Returns when all clients have answered the close frame, after `timeout` seconds at the latest."""
        end = time.monotonic() + timeout
        while self._has_websockets and time.monotonic() < end:  # noqa: ASYNC110 - uvicorn has no event for a lost connection
            await asyncio.sleep(0.02)

    @property
    def _has_websockets(self) -> bool:
        return any(isinstance(connection, WebSocketConnection) for connection in self.server_state.connections)

    async def _abort_unread(self, seconds: float) -> None:
        """Aborts transports that have been closing for `seconds`: they wait for their client to read the rest."""
        closing: set[asyncio.Transport] = set()
        while True:
            await asyncio.sleep(seconds)
            now_closing = {
                connection.transport
                for connection in self.server_state.connections
                if connection.transport is not None and connection.transport.is_closing()
            }
            for transport in closing & now_closing:
                transport.abort()
            closing = now_closing - closing


def _limit_unsent(listener: Any) -> None:
    """Limits the unsent data in the kernel's send buffer of each connection, by default several megabytes.

    The write buffer then reflects what the client has read, and a slow client differs from one that stopped reading.
    """
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
