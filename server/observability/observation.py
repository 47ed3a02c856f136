"""Middleware that follows each request and websocket and notifies the observers: logs, metrics and traces.

Strings that a client chose, such as paths, are cut to a maximum length; query texts and variables are not recorded.
"""

import random
import re
import time
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schema.observation import ObservedOperation, OperationObserver, current_operation

REQUEST_ID = b"x-request-id"
MAX_PATH_LENGTH = 200

_well_formed = re.compile(rb"[A-Za-z0-9._-]{1,64}").fullmatch


class ObservedRequest:
    """An HTTP request, or a websocket from its handshake to its close.

    `began` and `ended` are values of time.perf_counter; `span` is set by the traces.
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
        self.path: str = scope["path"][:MAX_PATH_LENGTH]
        self.status = 0
        self.sent = 0
        self.operations = 0
        self.is_accepted = False
        self.span: Any = None
        self.began = self.ended = time.perf_counter()

    @property
    def is_socket(self) -> bool:
        """Whether it is a websocket, which carries many operations."""
        return self.method == "WEBSOCKET"


class Observer(OperationObserver, Protocol):
    """Notified of the progress of requests and operations, synchronously and in their task."""

    def request_began(self, request: ObservedRequest) -> None:
        """The headers of `request` have arrived."""

    def request_ended(self, request: ObservedRequest, operation: ObservedOperation) -> None:
        """The response was sent, or the websocket closed. For websockets `operation` stands for the handshake only."""


class ObservationMiddleware:
    """ASGI middleware: assigns each request the id of its response header and log lines, and notifies `observers`."""

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

        async def observed_send(message: Message) -> None:
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

        async def observed_receive() -> Message:
            message = await receive()
            if message["type"] == "websocket.disconnect" and request.status == 101:
                request.status = message.get("code", 1005)
            return message

        for observer in self._observers:
            observer.request_began(request)
        try:
            await self._app(scope, observed_receive if request.is_socket else receive, observed_send)
        except Exception:
            # ServerErrorMiddleware, which is further out, sends the response.
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
    # The id is not a secret: a fast random number generator suffices.
    return f"{random.getrandbits(128):032x}"
