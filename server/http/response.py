"""HTTP responses: JSON bodies, and refusals in the form of GraphQL errors."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope, Send

from schema.observation import current_operation, note_codes
from server.encoding import encoded
from server.http.negotiation import JSON, answer_type, header_values
from server.observability.observation import REQUEST_ID

Header = tuple[bytes, bytes]

# Sessions are private: responses must not be cached, and browsers must not sniff them as scripts or pages.
_HEADERS: tuple[Header, ...] = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


class Refusal(Exception):
    """A request that is refused before execution: HTTP status, `extensions.code` and message."""

    def __init__(self, status: int, code: str, message: str, *headers: Header) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers

    @property
    def body(self) -> bytes:
        """The refusal as a GraphQL response."""
        return encode_json({"errors": [{"message": str(self), "extensions": {"code": self.code}}]})


async def send_json(send: Send, status: int, media_type: str, body: bytes, headers: Iterable[Header] = ()) -> None:
    """Sends a complete response of a JSON media type."""
    start = [(b"content-length", b"%d" % len(body)), *_headers(media_type, headers)]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})


async def send_refusal(scope: Scope, send: Send, refusal: Refusal) -> None:
    """Refuses a request or a websocket handshake, in the GraphQL media type that the client accepts."""
    note_codes((refusal.code,))
    media_type = answer_type(header_values(scope).get(b"accept", b"")) or JSON
    if scope["type"] == "http":
        await send_json(send, refusal.status, media_type, refusal.body, refusal.headers)
    elif "websocket.http.response" in scope.get("extensions", {}):
        await send_json(_denial(send), refusal.status, media_type, refusal.body, refusal.headers)
    else:
        # Uvicorn answers 403.
        await send({"type": "websocket.close", "code": 1008, "reason": str(refusal)})


async def handle_http_exception(request: Request, error: Exception) -> Response:
    """Starlette's own refusals (unknown path, method not allowed) as GraphQL errors."""
    if not isinstance(error, HTTPException):
        raise error
    code = "NOT_FOUND" if error.status_code == 404 else "BAD_REQUEST"
    headers = [(name.lower().encode(), value.encode()) for name, value in (error.headers or {}).items()]
    return _response(request, Refusal(error.status_code, code, f"{error.detail}.", *headers))


async def handle_server_error(request: Request, _error: Exception) -> Response:
    """A 500 response. The error is logged by Uvicorn."""
    operation = current_operation.get()
    # This response does not pass through ObservationMiddleware, which adds the header to all others.
    headers = [] if operation is None else [(REQUEST_ID, operation.request.id.encode())]
    return _response(request, Refusal(500, "INTERNAL_SERVER_ERROR", "Internal server error.", *headers))


def _response(request: Request, refusal: Refusal) -> Response:
    note_codes((refusal.code,))
    response = Response(refusal.body, refusal.status)
    response.raw_headers += _headers(JSON, refusal.headers)
    return response


def _headers(media_type: str, more: Iterable[Header]) -> list[Header]:
    return [(b"content-type", f"{media_type}; charset=utf-8".encode()), *_HEADERS, *more]


def raw_refusal(refusal: Refusal) -> bytes:
    """The bytes of a response to a request that was not parsed; the connection is closed after it."""
    body = refusal.body
    headers = [(b"content-length", b"%d" % len(body)), *_headers(JSON, refusal.headers), (b"connection", b"close")]
    start = f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}\r\n".encode()
    return b"".join((start, *(b"%b: %b\r\n" % header for header in headers), b"\r\n", body))


def _denial(send: Send) -> Send:
    """Sends HTTP response messages as those of a refused websocket handshake."""

    async def send_denial(message: Any) -> None:
        await send({**message, "type": f"websocket.{message['type']}"})

    return send_denial


def encode_json(data: dict[str, Any]) -> bytes:
    """`data` as JSON in UTF-8."""
    try:
        return orjson.dumps(data)
    except orjson.JSONEncodeError:
        # For instance an error message that repeats a lone surrogate from a variable.
        return encoded(data).encode()
