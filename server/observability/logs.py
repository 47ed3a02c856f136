"""Logs: one JSON object a line, or lines for people, and what is said of each request and operation.

A line says what happened and to which request; never what a client wrote, and never a token.
"""

import functools
import json
import logging
import re
import sys
import time
import traceback
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

import orjson

from schema.observation import ObservedOperation, current_operation
from server.observability.observation import ObservedRequest
from server.observability.terminal import printable

log = logging.getLogger("reprise.http")

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_plain = re.compile(r"[\w./:@+-]+", re.ASCII).fullmatch


def configure(form: Literal["auto", "json", "console"], stream: TextIO | None = None) -> None:
    """Send what any logger of the process says to `stream`, standard error by default, in that form."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    is_json = form == "json" or (form == "auto" and not stream.isatty())
    handler.setFormatter(JsonFormatter() if is_json else ConsoleFormatter())
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old.formatter, JsonFormatter | ConsoleFormatter):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # Alembic tells of every look at the database; Uvicorn tells the whole address of every websocket.
    for name in ("alembic", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)


class Line(logging.LogRecord):
    """What is told of each request and operation. It leaves out what costs the most to know: from where it is told."""

    def __init__(self, name: str, level: int, message: str, fields: dict[str, Any]) -> None:
        # Not as the other one does, which looks for all the rest.
        vars(self).update(_NOTHING)
        self.name = name
        self.levelno = level
        self.levelname = logging.getLevelName(level)
        self.msg = message
        self.created = time.time()
        self.msecs = self.created % 1 * 1000
        self.fields = fields


_NOTHING = vars(logging.makeLogRecord({}))


class JsonFormatter(logging.Formatter):
    """`timestamp` (RFC 3339, UTC), `level`, `logger`, `message`, `request_id` within one, more fields, `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "timestamp": f"{_second(int(record.created))}.{int(record.created % 1 * 1000):03}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = _traceback(record)
        try:
            return orjson.dumps(line, default=str).decode()
        except TypeError:
            # Lone surrogates and integers of more than 64 bits.
            return json.dumps(line, default=str)


class ConsoleFormatter(logging.Formatter):
    """Time, level, logger, message, then fields as `name=value`; a traceback on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        parts = [
            _moment(record).astimezone().strftime("%H:%M:%S.%f")[:-3],
            f"{record.levelname:<7}",
            record.name,
            printable(record.getMessage()),
            *(f"{name}={_shown(value)}" for name, value in _fields(record).items()),
        ]
        line = " ".join(parts)
        if record.exc_info:
            # An exception may repeat what a client wrote.
            line = "\n".join((line, *map(printable, _traceback(record).split("\n"))))
        return line


@functools.lru_cache(maxsize=2)
def _second(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat().removesuffix("+00:00")


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    if isinstance(record, Line):
        return record.fields
    operation = current_operation.get()
    fields = {} if operation is None else {"request_id": operation.id}
    fields.update((name, value) for name, value in vars(record).items() if name not in _OWN)
    return fields


def _shown(value: object) -> str:
    # Escaped, where a client's text could pass for another line or command the terminal.
    text = str(value)
    return text if _plain(text) else json.dumps(text)


def _traceback(record: logging.LogRecord) -> str:
    assert record.exc_info is not None
    return "".join(traceback.format_exception(*record.exc_info)).rstrip()


class RequestLog:
    """A line for each request once it has ended, and one for each operation of a websocket.

    Probes that find all well are DEBUG: they come every few seconds.
    """

    def request_began(self, request: ObservedRequest) -> None:
        """Says nothing."""

    def request_ended(self, request: ObservedRequest, operation: ObservedOperation) -> None:
        is_quiet = request.path in PROBES and request.status < 400
        level = logging.DEBUG if is_quiet else logging.WARNING if 500 <= request.status < 600 else logging.INFO
        fields: dict[str, Any] = {
            "request_id": request.id,
            "path": request.path,
            "status": request.status,
            "milliseconds": _milliseconds(request),
            "bytes": request.sent,
        }
        if request.is_socket:
            _say("websocket", {**fields, "operations": request.operations, **_described(operation)}, level)
        else:
            _say("request", {"method": request.method, **fields, **_described(operation)}, level)

    def operation_runs(self, operation: ObservedOperation) -> None:
        """Says nothing."""

    def operation_ended(self, operation: ObservedOperation) -> None:
        if operation.id != operation.request.id:
            fields = {"request_id": operation.id, "milliseconds": _milliseconds(operation), **_described(operation)}
            _say("operation", fields)


def _say(message: str, fields: dict[str, Any], level: int = logging.INFO) -> None:
    if log.isEnabledFor(level):
        log.handle(Line(log.name, level, message, fields))


def _milliseconds(timed: ObservedRequest | ObservedOperation) -> float:
    return round((timed.ended - timed.began) * 1000, 2)


def _described(operation: ObservedOperation) -> dict[str, Any]:
    described: dict[str, Any] = {} if operation.kind == "none" else {"kind": operation.kind}
    if operation.name:
        described["operation"] = operation.name
    if operation.codes:
        described["codes"] = sorted(operation.codes)
    return described
