"""Limits on request heads: their size and the time until they are complete. They precede authentication."""

import asyncio
from enum import Enum

from server.http.response import Refusal, raw_refusal
from server.process.joined_responses import JoinedResponses

HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 10.0

# Closing while the client still sends would discard the response, so the connection lingers.
_LINGER_SECONDS = 1.0

_Part = Enum("_Part", "BETWEEN HEAD BODY")


class BoundedHeads(JoinedResponses):
    """An HTTP connection that refuses heads that are too large (431) or too slow (408).

    Trailers and chunk extensions count as parts of a head: together these are everything but the body.
    """

    _part = _Part.HEAD
    # Bytes of the read that is being parsed.
    _read_bytes = 0
    # Bytes outside of bodies since the last complete head or the last body data.
    _head_bytes = 0
    _timer: asyncio.TimerHandle | None = None
    _is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self._timer = self.loop.call_later(HEAD_SECONDS, self._on_timeout)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._cancel_timer()

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        if self._part is _Part.BETWEEN:
            self._part = _Part.HEAD
        self._read_bytes = len(data)
        super().data_received(data)
        self._head_bytes += self._read_bytes
        if self._head_bytes > HEAD_BYTES:
            self._refuse(Refusal(431, "BAD_REQUEST", f"The request head exceeds {HEAD_BYTES} bytes."))
        elif self._timer is None and self._is_incomplete:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._on_timeout)

    def on_message_begin(self) -> None:
        self._part = _Part.HEAD
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self._head_bytes + self._read_bytes > HEAD_BYTES and self._head_size > HEAD_BYTES:
            # Stops the parser; data_received then refuses the request for its size.
            raise OverflowError
        self._part = _Part.BODY
        self._head_bytes = -self._read_bytes
        self._cancel_timer()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head_bytes = -self._read_bytes
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._part = _Part.BETWEEN
        self._head_bytes = -self._read_bytes
        self._cancel_timer()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if self._head_bytes + self._read_bytes <= HEAD_BYTES:
            self._refuse(Refusal(400, "BAD_REQUEST", msg))

    @property
    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def _is_incomplete(self) -> bool:
        """Whether the client has sent part of a request that no application waits for."""
        return self._part is _Part.HEAD or (self._part is _Part.BODY and not self._is_answering)

    def _on_timeout(self) -> None:
        self._timer = None
        if self._is_answering:
            # A pipelined request is late; its time begins when the current response is complete.
            self._timer = self.loop.call_later(HEAD_SECONDS, self._on_timeout)
        elif self._part is _Part.HEAD and self._head_bytes:
            message = f"The request head was not complete after {HEAD_SECONDS:g} seconds."
            self._refuse(Refusal(408, "BAD_REQUEST", message))
        else:
            self.transport.close()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, refusal: Refusal) -> None:
        self._is_refused = True
        self._cancel_timer()
        if self._is_answering:
            # The client would take a second response for part of the first one.
            self.transport.close()
            return
        self.transport.write(raw_refusal(refusal))
        self.transport.write_eof()
        self._timer = self.loop.call_later(_LINGER_SECONDS, self.transport.close)
