"""GraphQL over server-sent events, in the mode of distinct connections: a request has a response of its own.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

from collections.abc import Mapping
from typing import Any

from starlette.types import Send
from strawberry.types.execution import ExecutionResult

from server.encoding import encoded
from server.http.negotiation import media_ranges
from server.http.stream import STOPPING, StreamFormat, stream_headers
from server.results import response_of

_NAME = "text/event-stream"
# Without an empty `data`, a browser's EventSource would not report the event.
_COMPLETE = b"event: complete\ndata: \n\n"
_COMMENT = b":\n\n"


def accepts_event_stream(accept: bytes) -> bool:
    """Whether this Accept header names event streams."""
    return b"event-stream" in accept.lower() and any(
        media.name == _NAME and media.quality > 0 for media in media_ranges(accept)
    )


async def send_one_event(result: ExecutionResult, send: Send) -> None:
    """Sends the result of a query, a mutation or an invalid operation to a client that takes event streams alone."""
    await send({"type": "http.response.start", "status": 200, "headers": stream_headers(EVENT_STREAM)})
    await send({"type": "http.response.body", "body": _result(result) + _COMPLETE})


def _next(response: Mapping[str, Any]) -> bytes:
    return b"event: next\ndata: " + encoded(response).encode() + b"\n\n"


def _result(result: ExecutionResult) -> bytes:
    return _next(response_of(result))


EVENT_STREAM = StreamFormat(
    content_type=b"text/event-stream; charset=utf-8",
    start=_COMMENT,
    heartbeat=_COMMENT,
    encode=_result,
    complete=_COMPLETE,
    # Without `complete`, graphql-sse subscribes again. Clients that take the end of the response for the end of the
    # subscription have the error.
    stopped=_next({"errors": [STOPPING]}),
)
