"""Responses whose head goes with the beginning of their body, in one packet.

Uvicorn writes head and body one after the other, and asyncio sends each write at once, as uvloop does since 0.23. That
takes two system calls and two packets, and the client wakes up for each of them.
"""

import asyncio

from server.process.upgrades import SelectiveUpgrades


class JoinedResponses(SelectiveUpgrades):
    """An HTTP connection that answers through a ResponseWriter."""

    _writer: "ResponseWriter"

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self._writer = ResponseWriter(transport, self.loop)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self.cycle is not None:
            self.cycle.transport = self._writer


class ResponseWriter(asyncio.Transport):
    """The side of a transport that a response needs. Sends a head with the write that follows in the same iteration.

    A head that nothing follows is sent at the end of the event loop's iteration.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._head: bytes | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send data, or keep it back for a moment if it begins like a head."""
        if self._head is not None:
            head, self._head = self._head, None
            self._transport.write(b"".join((head, data)))
        elif data[:5] == b"HTTP/":
            self._head = bytes(data)
            self._loop.call_soon(self._flush)
        else:
            self._transport.write(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def _flush(self) -> None:
        if self._head is not None:
            head, self._head = self._head, None
            self._transport.write(head)
