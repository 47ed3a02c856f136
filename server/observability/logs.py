"""Logging: formatters for JSON and for terminals, and the access log.

Lines contain no tokens, and of the text that a client wrote only short names: of paths, operations, refused origins
and refused hosts.
"""

import functools
import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal, TextIO

import orjson

from schema.observation import ObservedOperation, current_operation
from server.observability.observation import ObservedRequest
from server.observability.terminal import printable

log = logging.getLogger("reprise.http")

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})

_STANDARD = tuple(vars(logging.makeLogRecord({})))
_STANDARD_FIELDS = frozenset(_STANDARD) | {"message", "asctime", "color_message"}
_plain = re.compile(r"[\w./:@+-]+", re.ASCII).fullmatch


def configure(
    form: Literal["auto", "json", "console"],
    level: Literal["info", "warning", "error"] = "info",
    stream: TextIO | None = None,
) -> None:
    """Send the records of all loggers from a level on to `stream` (default: standard error).

    The form `auto` means JSON except on a terminal.
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    stream = stream or sys.stderr
    # The formatters show neither threads and processes nor the caller, and finding them takes a fifth of the time of a
    # line. The switches are those of the logging HOWTO, section "Optimization".
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    if sys.version_info >= (3, 12):
        logging.logAsyncioTasks = False
    handler = logging.StreamHandler(stream)
    is_json = form == "json" or (form == "auto" and not stream.isatty())
    handler.setFormatter(JsonFormatter() if is_json else ConsoleFormatter())
    root = logging.getLogger()
    for previous in root.handlers[:]:
        if isinstance(previous.formatter, JsonFormatter | ConsoleFormatter):
            root.removeHandler(previous)
    root.addHandler(handler)
    root.setLevel(least)
    # Alembic logs every check of the migrations, watchfiles every change; Uvicorn the full URL of every websocket.
    for name in ("alembic", "uvicorn", "watchfiles"):
        logging.getLogger(name).setLevel(max(logging.WARNING, least))


class JsonFormatter(logging.Formatter):
    """One JSON object: `timestamp` (RFC 3339, UTC), `level`, `logger`, `message`, `request_id`, fields, `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "timestamp": f"{_format_second(int(record.created))}.{int(record.created % 1 * 1000):03}Z",
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
            # orjson refuses lone surrogates and integers of more than 64 bits.
            return json.dumps(line, default=str)


class ConsoleFormatter(logging.Formatter):
    """Time, level, logger, message and fields as `name=value`, with a traceback on the following lines."""

    def format(self, record: logging.LogRecord) -> str:
        parts = [
            datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S.%f")[:-3],
            f"{record.levelname:<7}",
            record.name,
            printable(record.getMessage()),
            *(f"{name}={_escape(value)}" for name, value in _fields(record).items()),
        ]
        line = " ".join(parts)
        if record.exc_info:
            # An exception may repeat what a client wrote.
            line = "\n".join((line, *map(printable, _traceback(record).split("\n"))))
        return line


@functools.lru_cache(maxsize=2)
def _format_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat().removesuffix("+00:00")


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    # A record has the standard fields first.
    added = islice(vars(record).items(), len(_STANDARD), None)
    fields = {name: value for name, value in added if name not in _STANDARD_FIELDS}
    operation = current_operation.get()
    return fields if operation is None or "request_id" in fields else {"request_id": operation.id, **fields}


def _escape(value: object) -> str:
    # Text of a client could otherwise forge a line or control the terminal.
    text = str(value)
    return text if _plain(text) else json.dumps(text)


def _traceback(record: logging.LogRecord) -> str:
    assert record.exc_info is not None
    return "".join(traceback.format_exception(*record.exc_info)).rstrip()


class RequestLog:
    """The access log: one line for each completed request, and one for each operation of a websocket.

    Successful probes are logged as DEBUG, because they come every few seconds.
    """

    def request_began(self, request: ObservedRequest) -> None:
        """Logs nothing."""

    def request_ended(self, request: ObservedRequest, operation: ObservedOperation) -> None:
        is_probe = request.path in PROBES and request.status < 400
        level = logging.DEBUG if is_probe else logging.WARNING if 500 <= request.status < 600 else logging.INFO
        if not log.isEnabledFor(level):
            return
        fields: dict[str, Any] = {
            "request_id": request.id,
            "path": request.path,
            "status": request.status,
            "milliseconds": _milliseconds(request),
            "bytes": request.sent,
        }
        if request.is_socket:
            fields = {**fields, "operations": request.operations, **_describe(operation)}
            log.log(level, "websocket", extra=fields)
        else:
            log.log(level, "request", extra={"method": request.method, **fields, **_describe(operation)})

    def operation_runs(self, operation: ObservedOperation) -> None:
        """Logs nothing."""

    def operation_ended(self, operation: ObservedOperation) -> None:
        if operation.id != operation.request.id:
            fields = {"request_id": operation.id, "milliseconds": _milliseconds(operation), **_describe(operation)}
            log.info("operation", extra=fields)


def _milliseconds(observed: ObservedRequest | ObservedOperation) -> float:
    return round((observed.ended - observed.began) * 1000, 2)


def _describe(operation: ObservedOperation) -> dict[str, Any]:
    fields: dict[str, Any] = {} if operation.kind == "none" else {"kind": operation.kind}
    if operation.name:
        fields["operation"] = operation.name
    if operation.codes:
        fields["codes"] = sorted(operation.codes)
    return fields
