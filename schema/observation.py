"""Observation of operations: the current operation of a task, and the interface of logs, metrics and traces.

Names that a client chose are truncated; other text of clients is never passed to observers.
"""

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, Protocol

MAX_NAME_LENGTH = 100


class RequestInfo(Protocol):
    """The request or websocket that carries an operation."""

    id: str
    method: str
    path: str
    headers: Sequence[tuple[bytes, bytes]]
    operations: int

    @property
    def is_socket(self) -> bool:
        """Whether it is a websocket, which may carry many operations."""


class ObservedOperation:
    """An operation as its observers see it.

    `kind` is query, mutation, subscription, or none before a valid operation was found. `id` is written to its log
    entries; `codes` counts the errors that were sent to its client, by their codes. `is_cached` tells whether the data
    of its response came from the cache.
    """

    __slots__ = (
        "began",
        "codes",
        "ended",
        "id",
        "is_cached",
        "is_running",
        "kind",
        "name",
        "observers",
        "request",
        "span",
    )

    def __init__(self, request: RequestInfo, observers: Sequence["OperationObserver"], id: str) -> None:
        self.request = request
        self.observers = observers
        self.id = id
        self.kind = "none"
        self.is_running = self.is_cached = False
        self.name: str | None = None
        self.codes: dict[str, int] = {}
        self.span: Any = None
        self.began = self.ended = time.perf_counter()

    def start(self, kind: str, name: str | None) -> None:
        """Report that it is about to be executed. Only the first call is reported."""
        self.describe(kind, name)
        if not self.is_running:
            self.is_running = True
            for observer in self.observers:
                observer.operation_runs(self)

    def describe(self, kind: str, name: str | None) -> None:
        """Set its kind, and the name that its client chose."""
        self.kind = kind
        self.name = name[:MAX_NAME_LENGTH] if name else None

    def note(self, code: str) -> None:
        """Count an error that is sent to its client."""
        self.codes[code] = self.codes.get(code, 0) + 1

    def end(self) -> None:
        """Report that its last result was sent."""
        self.ended = time.perf_counter()
        for observer in self.observers:
            observer.operation_ended(self)


class OperationObserver(Protocol):
    """Is called at the start and the end of an operation, synchronously and in the task that executes it."""

    def operation_runs(self, operation: ObservedOperation) -> None:
        """The operation is about to be executed."""

    def operation_ended(self, operation: ObservedOperation) -> None:
        """The operation was executed or refused, or its client disconnected."""


current_operation: ContextVar[ObservedOperation | None] = ContextVar("reprise_operation", default=None)
"""The operation of the running task."""


def note_codes(codes: Iterable[str]) -> None:
    """Count errors that are sent to the client of the current operation."""
    if operation := current_operation.get():
        for code in codes:
            operation.note(code)


@contextlib.contextmanager
def socket_operation() -> Iterator[None]:
    """Makes an operation of a websocket the current one of its task, with an id of its own."""
    operation = current_operation.get()
    if operation is None:
        yield
        return
    request = operation.request
    request.operations += 1
    operation = ObservedOperation(request, operation.observers, f"{request.id}-{request.operations}")
    current_operation.set(operation)
    try:
        yield
    finally:
        operation.end()
