"""Connections: uvicorn's own, bounded in what a client can make them hold, and for how long."""

import asyncio
import sys
from typing import TYPE_CHECKING

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import HeaderLineTooLong, RequestLineTooLong, TooManyHeaders
from websockets.frames import Frame

from server.http.response import Refusal, raw_refusal

if sys.platform == "win32":
    # Its parser bounds heads itself.
    from uvicorn.protocols.http.h11_impl import H11Protocol as HttpProtocol
else:
    from server.process.request_heads import BoundedHeads as HttpProtocol

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

STALLED_SECONDS = 30.0


class Stall:
    """Aborts a connection whose client took nothing of a full buffer for STALLED_SECONDS."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._look_again()

    def over(self) -> None:
        """The client reads."""
        self._timer.cancel()

    def _look_again(self) -> None:
        self._size = self._transport.get_write_buffer_size()
        self._timer = asyncio.get_running_loop().call_later(STALLED_SECONDS, self._look)

    def _look(self) -> None:
        if self._transport.get_write_buffer_size() < self._size:
            self._look_again()
        else:
            self._transport.abort()


class _Draining(asyncio.Protocol):
    """What both kinds of connection have in common."""

    transport: asyncio.Transport
    _stall: Stall | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall = Stall(self.transport)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._drained()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._drained()

    def _drained(self) -> None:
        if self._stall is not None:
            self._stall.over()
            self._stall = None


class HttpConnection(_Draining, HttpProtocol):
    """Ends when its client stops reading."""


class WebSocketConnection(_Draining, WebSocketsSansIOProtocol):
    """Ends when its client stops reading, and keeps no more than a message until then."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # The next state waits to be made, rather than a state to be sent.
        self.transport.set_write_buffer_limits(high=0)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.handshake_initiated and (error := self.conn.handshake_exc):
            # Uvicorn looks at refused frames alone.
            self.close_sent = True
            self.transport.write(raw_refusal(_refused_head(error)))
            self.transport.close()

    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:
            # Taken away unsent: pongs for a client that does not read would pile up.
            self.conn.data_to_send()

    def handle_cont(self, event: Frame) -> None:
        # Empty fragments count for nothing in the size of a message, but each would be kept.
        if event.data or event.fin:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
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
            # Closed from here, for a message too large or a ping without answer; uvicorn takes this for a mistake.
            raise ClientDisconnected
        await super().send(message)
        if self.close_sent:
            # Also by a refusal of the handshake, which uvicorn would log as the fault of the application.
            self.handshake_complete = True


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _refused_head(error: Exception) -> Refusal:
    """What is said of a handshake whose head could be read as a request, but not as a websocket's."""
    status = 400
    if isinstance(error, RequestLineTooLong):
        status = 414
    elif isinstance(error, HeaderLineTooLong | TooManyHeaders):
        status = 431
    return Refusal(status, "BAD_REQUEST", f"The head of the handshake is not understood: {error}.")
