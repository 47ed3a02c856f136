"""The operation that the running code belongs to, and the observers (logs, metrics, traces) that hear of its progress.

`current` holds the operation of the running task. Names that a client chose are cut; text that a client wrote is not
kept.
"""

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, Protocol

from strawberry.extensions import SchemaExtension

LONGEST_NAME = 100


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
    """`kind` is query, mutation, subscription, or none while nothing that can be run was seen.

    `id` is that of its log lines; `codes` counts the errors that its client was sent.
    """

    __slots__ = ("began", "codes", "ended", "id", "is_running", "kind", "name", "observers", "request", "span")

    def __init__(self, request: RequestInfo, observers: Sequence["OperationObserver"], id: str) -> None:
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


class OperationObserver(Protocol):
    """Hears of an operation's progress, synchronously and in the task that runs it."""

    def operation_runs(self, operation: ObservedOperation) -> None:
        """It is about to be executed."""

    def operation_ended(self, operation: ObservedOperation) -> None:
        """It was executed or refused, or its client went away."""


current: ContextVar[ObservedOperation | None] = ContextVar("reprise_operation", default=None)


def note_codes(codes: Iterable[str]) -> None:
    """The current operation's client is sent errors of these codes."""
    if operation := current.get():
        for code in codes:
            operation.note(code)


@contextlib.contextmanager
def one_of_many() -> Iterator[None]:
    """Gives an operation of a websocket a place of its own; it is the task's own."""
    operation = current.get()
    if operation is None:
        yield
        return
    request = operation.request
    request.operations += 1
    operation = ObservedOperation(request, operation.observers, f"{request.id}-{request.operations}")
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

    def _describe(self, operation: ObservedOperation) -> None:
        context = self.execution_context
        try:
            operation.describe(context.operation_type.value, context.operation_name)
        except RuntimeError:
            # Nothing that could be read as an operation.
            return
