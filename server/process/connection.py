"""Uvicorn's connections with bounds: write stalls, buffered frames, and refusals of malformed handshakes."""

import asyncio
import sys
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import HeaderLineTooLong, RequestLineTooLong, TooManyHeaders
from websockets.frames import Frame
from websockets.http11 import Request

from schema.limits import Limits
from server.http.response import Refusal, raw_refusal
from server.websocket.socket import MESSAGE_LIMIT

if sys.platform == "win32":
    # h11 limits the size of heads itself.
    from uvicorn.protocols.http.h11_impl import H11Protocol as HttpProtocol
else:
    from server.process.request_heads import BoundedHeads as HttpProtocol

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

STALLED_SECONDS = 30.0


class WriteStallTimer:
    """Aborts a connection whose client reads nothing from a full write buffer for STALLED_SECONDS."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._schedule()

    def cancel(self) -> None:
        """Stop the timer: the buffer has drained."""
        self._timer.cancel()

    def _schedule(self) -> None:
        self._size = self._transport.get_write_buffer_size()
        self._timer = asyncio.get_running_loop().call_later(STALLED_SECONDS, self._check)

    def _check(self) -> None:
        if self._transport.get_write_buffer_size() < self._size:
            self._schedule()
        else:
            self._transport.abort()


class LimitedConfig(uvicorn.Config):
    """Uvicorn's configuration with the limits of its connections."""

    limits: Limits


class _StallDetection(asyncio.Protocol):
    """Mixin of HTTP and websocket connections: runs a WriteStallTimer while writing is paused."""

    transport: asyncio.Transport
    _stall_timer: WriteStallTimer | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall_timer = WriteStallTimer(self.transport)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._cancel_stall_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._cancel_stall_timer()

    def _cancel_stall_timer(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None


class HttpConnection(_StallDetection, HttpProtocol):
    """An HTTP connection that is aborted when its client stops reading."""


class WebSocketConnection(_StallDetection, WebSocketsSansIOProtocol):
    """A websocket that is closed when its client stops reading or sends too slowly, and buffers one message at most."""

    config: LimitedConfig
    _rate_timer: asyncio.TimerHandle | None = None
    # The bytes of the message that is incomplete.
    _received_bytes = 0
    _received_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # Pause after every message: the next result is computed when the client has read the previous one.
        self.transport.set_write_buffer_limits(high=0)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][MESSAGE_LIMIT] = {"set": self._set_message_limit}

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._cancel_rate_timer()

    def _set_message_limit(self, size: int) -> None:
        self.conn.max_message_size = size

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.handshake_initiated and (error := self.conn.handshake_exc):
            # Uvicorn handles malformed frames only, not malformed handshakes.
            self.close_sent = True
            self.transport.write(raw_refusal(_handshake_refusal(error)))
            self.transport.close()
        if not self.frames and not self.conn.reader.buffer:
            self._cancel_rate_timer()
            return
        self._received_bytes += len(data)
        if self._rate_timer is None:
            self._restart_rate_timer(len(data))

    def _restart_rate_timer(self, received: int) -> None:
        self._received_bytes = received
        self._received_since = self.loop.time()
        self._rate_timer = self.loop.call_later(self.config.limits.request_seconds, self._check_rate)

    def _cancel_rate_timer(self) -> None:
        if self._rate_timer is not None:
            self._rate_timer.cancel()
            self._rate_timer = None

    def _check_rate(self) -> None:
        if self.read_paused:
            # Backpressure: it is the application that is slow.
            self._restart_rate_timer(self._received_bytes)
            return
        limits = self.config.limits
        deadline = self._received_since + limits.request_seconds + self._received_bytes / limits.upload_rate
        if self.loop.time() < deadline:
            self._rate_timer = self.loop.call_at(deadline, self._check_rate)
        elif not self.close_sent and not self.transport.is_closing():
            self.conn.fail(1008, "Message arrived too slowly")
            self.handle_parser_exception()

    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:
            # Drop the pong: pongs to a client that does not read would pile up.
            self.conn.data_to_send()

    def handle_cont(self, event: Frame) -> None:
        # Empty fragments do not count towards the size limit of a message, but each would be stored.
        if event.data or event.fin:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        self._cancel_rate_timer()
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_utf8(b"".join(self.frames)):
            # Uvicorn would log the traceback of what is a client's mistake.
            self.frames = []
            self.conn.send_close(1007)
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()

    async def send(self, message: "ASGISendEvent") -> None:
        await self.writable.wait()
        was_closed = self.close_sent
        if was_closed:
            # Closed by the protocol (message too large, ping timeout); uvicorn would raise a RuntimeError.
            raise ClientDisconnected
        await super().send(message)
        if self.close_sent:
            # Uvicorn would log a refused handshake as an error of the application.
            self.handshake_complete = True


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _handshake_refusal(error: Exception) -> Refusal:
    """The response to a handshake that is a valid HTTP request but not a valid websocket handshake."""
    status = 400
    if isinstance(error, RequestLineTooLong):
        status = 414
    elif isinstance(error, HeaderLineTooLong | TooManyHeaders):
        status = 431
    return Refusal(status, "BAD_REQUEST", f"Invalid websocket handshake: {error}.")
