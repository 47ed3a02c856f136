"""What happens to requests and operations, for the log, the metrics and the traces: observed once, told to each.

An operation is one that a request carries, or one of many on a websocket. `current_operation` is the one that the
running code belongs to. What a client chose, such as a name, is bounded here; what a client wrote is not kept at all.
"""

import random
import re
import time
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schema.observation import ObservedOperation, OperationObserver, current_operation

REQUEST_ID = b"x-request-id"
LONGEST_PATH = 200

_well_formed = re.compile(rb"[A-Za-z0-9._-]{1,64}").fullmatch


class ObservedRequest:
    """An HTTP request, or a websocket from its handshake to its end. Moments are time.perf_counter's.

    `span`, here and of an operation, belongs to the traces.
    """

    __slots__ = (
        "began",
        "ended",
        "headers",
        "id",
        "is_accepted",
        "method",
        "operations",
        "path",
        "sent",
        "span",
        "status",
    )

    def __init__(self, scope: Scope) -> None:
        self.headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        self.id = _request_id(self.headers)
        self.method: str = scope.get("method", "WEBSOCKET")
        self.path: str = scope["path"][:LONGEST_PATH]
        self.status = 0
        self.sent = 0
        self.operations = 0
        self.is_accepted = False
        self.span: Any = None
        self.began = self.ended = time.perf_counter()

    @property
    def is_socket(self) -> bool:
        """Whether many operations may come in it."""
        return self.method == "WEBSOCKET"


class Observer(OperationObserver, Protocol):
    """Is told what happens, at once and in the task in which it happens."""

    def request_began(self, request: ObservedRequest) -> None:
        """Its headers are there."""

    def request_ended(self, request: ObservedRequest, operation: ObservedOperation) -> None:
        """Its response was sent, or its websocket closed. `operation` is its own; a socket's has its refusal alone."""


class ObservationMiddleware:
    """ASGI middleware: gives each request an id, which its response and its log lines carry, and tells `observers`."""

    def __init__(self, app: ASGIApp, observers: Sequence[Observer]) -> None:
        self._app = app
        self._observers = observers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request = ObservedRequest(scope)
        operation = ObservedOperation(request, self._observers, request.id)
        current_operation.set(operation)

        async def sending(message: Message) -> None:
            kind = message["type"]
            if kind == "http.response.body":
                request.sent += len(message.get("body", b""))
            elif kind == "websocket.send":
                request.sent += _size(message)
            elif kind in ("http.response.start", "websocket.accept", "websocket.http.response.start"):
                message["headers"] = [*message.get("headers", ()), (REQUEST_ID, request.id.encode())]
                request.status = message.get("status", 101)
                request.is_accepted = kind == "websocket.accept"
            elif kind == "websocket.close":
                request.status = message.get("code", 1000) if request.is_accepted else 403
            await send(message)

        async def receiving() -> Message:
            message = await receive()
            if message["type"] == "websocket.disconnect" and request.status == 101:
                request.status = message.get("code", 1005)
            return message

        for observer in self._observers:
            observer.request_began(request)
        try:
            await self._app(scope, receiving if request.is_socket else receive, sending)
        except Exception:
            # Answered further out.
            request.status = 500
            operation.note("INTERNAL_SERVER_ERROR")
            raise
        finally:
            request.ended = time.perf_counter()
            if operation.kind != "none" or operation.codes:
                operation.end()
            for observer in self._observers:
                observer.request_ended(request, operation)


def _size(message: Message) -> int:
    if (data := message.get("bytes")) is not None:
        return len(data)
    text = message.get("text") or ""
    return len(text) if text.isascii() else len(text.encode())


def _request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == REQUEST_ID and _well_formed(value):
            return value.decode("ascii")
    # It tells requests apart, and is no secret.
    return f"{random.getrandbits(128):032x}"
