"""Request lines and headers, bounded in size and in time: whoever sends them has shown no token yet."""

import asyncio
from enum import Enum

from server.http.response import Refusal, raw_refusal
from server.process.upgrades import SelectiveUpgrades

HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 10.0

# A client that is cut off while it sends loses the answer that is on its way.
_LAST_SECONDS = 1.0

_Part = Enum("_Part", "BETWEEN HEAD BODY")


class BoundedHeads(SelectiveUpgrades):
    """A connection that is refused (431, 408) for a head that is too large or comes too slowly.

    Trailers and the extensions of chunks are bounded with it: nothing else of a request is kept that is not its body.
    """

    _part = _Part.HEAD
    # Of the read that is being parsed, and of all since the last head or piece of a body.
    _reading = 0
    _loose = 0
    _timer: asyncio.TimerHandle | None = None
    _is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self._timer = self.loop.call_later(HEAD_SECONDS, self._late)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._in_time()

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        if self._part is _Part.BETWEEN:
            self._part = _Part.HEAD
        self._reading = len(data)
        super().data_received(data)
        self._loose += self._reading
        if self._loose > HEAD_BYTES:
            self._refuse(Refusal(431, "BAD_REQUEST", f"The head of the request has more than {HEAD_BYTES} bytes."))
        elif self._timer is None and self._is_owed:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._late)

    def on_message_begin(self) -> None:
        self._part = _Part.HEAD
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self._loose + self._reading > HEAD_BYTES and self._head_size > HEAD_BYTES:
            # Ends the parsing; the bytes of this read are more than enough to be refused.
            raise OverflowError
        self._part = _Part.BODY
        self._loose = -self._reading
        self._in_time()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._loose = -self._reading
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._part = _Part.BETWEEN
        self._loose = -self._reading
        self._in_time()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if self._loose + self._reading <= HEAD_BYTES:
            self._refuse(Refusal(400, "BAD_REQUEST", msg))

    @property
    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def _is_owed(self) -> bool:
        """Whether the client has begun what is not whole, and nobody else waits for it."""
        return self._part is _Part.HEAD or (self._part is _Part.BODY and not self._is_answering)

    def _late(self) -> None:
        self._timer = None
        if self._is_answering:
            # It is another request that is late, whose time begins when this one's is over.
            self._timer = self.loop.call_later(HEAD_SECONDS, self._late)
        elif self._part is _Part.HEAD and self._loose:
            message = f"The head of the request was not whole after {HEAD_SECONDS:g} seconds."
            self._refuse(Refusal(408, "BAD_REQUEST", message))
        else:
            self.transport.close()

    def _in_time(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, refusal: Refusal) -> None:
        self._is_refused = True
        self._in_time()
        if self._is_answering:
            # Its client would take a second answer for a part of the first.
            self.transport.close()
            return
        self.transport.write(raw_refusal(refusal))
        self.transport.write_eof()
        self._timer = self.loop.call_later(_LAST_SECONDS, self.transport.close)
