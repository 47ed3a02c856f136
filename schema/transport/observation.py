"""What happens to requests and operations, for the log, the metrics and the traces: observed once, told to each.

An operation is one that a request carries, or one of many on a websocket. `current` is the one that the running code
belongs to. What a client chose, such as a name, is bounded here; what a client wrote is not kept at all.
"""

import contextlib
import random
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from strawberry.extensions import SchemaExtension

REQUEST_ID = b"x-request-id"
LONGEST_NAME = 100
LONGEST_PATH = 200

_well_formed = re.compile(rb"[A-Za-z0-9._-]{1,64}").fullmatch


class Request:
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


class Operation:
    """`kind` is query, mutation, subscription, or none while nothing that can be run was seen.

    `id` is that of its log lines; `codes` counts the errors that its client was sent.
    """

    __slots__ = ("began", "codes", "ended", "id", "is_running", "kind", "name", "observers", "request", "span")

    def __init__(self, request: Request, observers: Sequence["Observer"], id: str) -> None:
        self.request = request
        self.observers = observers
        self.id = id
        self.kind = "none"
        self.is_running = False
        self.name: str | None = None
        self.codes: dict[str, int] = {}
        self.span: Any = None
        self.began = self.ended = time.perf_counter()

    def runs(self, kind: str, name: str | None) -> None:
        """It has been understood, and found to be in order. Said again, it is not told again."""
        self.describe(kind, name)
        if not self.is_running:
            self.is_running = True
            for observer in self.observers:
                observer.operation_runs(self)

    def describe(self, kind: str, name: str | None) -> None:
        """It is of that kind and of the name that its client chose."""
        self.kind = kind
        self.name = name[:LONGEST_NAME] if name else None

    def note(self, code: str) -> None:
        """Its client is sent an error of this code."""
        self.codes[code] = self.codes.get(code, 0) + 1

    def end(self) -> None:
        """Its last result has been sent."""
        self.ended = time.perf_counter()
        for observer in self.observers:
            observer.operation_ended(self)


class Observer(Protocol):
    """Is told what happens, at once and in the task in which it happens."""

    def request_began(self, request: Request) -> None:
        """Its headers are there."""

    def request_ended(self, request: Request, operation: Operation) -> None:
        """Its response was sent, or its websocket closed. `operation` is its own; a socket's has its refusal alone."""

    def operation_runs(self, operation: Operation) -> None:
        """It is about to be executed."""

    def operation_ended(self, operation: Operation) -> None:
        """It was executed or refused, or its client went away."""


current: ContextVar[Operation | None] = ContextVar("reprise_operation", default=None)


def note_codes(codes: Iterable[str]) -> None:
    """The current operation's client is sent errors of these codes."""
    if operation := current.get():
        for code in codes:
            operation.note(code)


class Observation:
    """ASGI middleware: gives each request an id, which its response and its log lines carry, and tells `observers`."""

    def __init__(self, app: ASGIApp, observers: Sequence[Observer]) -> None:
        self._app = app
        self._observers = observers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        operation = Operation(request, self._observers, request.id)
        current.set(operation)

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


@contextlib.contextmanager
def one_of_many() -> Iterator[None]:
    """Gives an operation of a websocket a place of its own; it is the task's own."""
    operation = current.get()
    if operation is None:
        yield
        return
    request = operation.request
    request.operations += 1
    operation = Operation(request, operation.observers, f"{request.id}-{request.operations}")
    current.set(operation)
    try:
        yield
    finally:
        operation.end()


class Observed(SchemaExtension):
    """Tells the current operation what Strawberry runs."""

    def on_operation(self) -> Iterator[None]:
        operation = current.get()
        try:
            yield
        finally:
            if operation is not None and operation.kind == "none":
                self._describe(operation)

    def on_execute(self) -> Iterator[None]:
        if operation := current.get():
            context = self.execution_context
            operation.runs(context.operation_type.value, context.operation_name)
        yield

    def _describe(self, operation: Operation) -> None:
        context = self.execution_context
        try:
            operation.describe(context.operation_type.value, context.operation_name)
        except RuntimeError:
            # Nothing that could be read as an operation.
            return


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
