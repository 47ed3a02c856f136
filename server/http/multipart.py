"""Subscriptions in Apollo's multipart protocol, `subscriptionSpec=1.0`.

https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
"""

from collections.abc import Mapping
from typing import Any

from strawberry.types.execution import ExecutionResult

from server.encoding import encoded
from server.http.negotiation import media_ranges
from server.http.stream import STOPPING, StreamFormat
from server.results import response_of

# Clients take a part as complete when they have read the boundary after it. Those that read by aiohttp also wait for
# bytes behind the boundary, which come with later parts, unless the part says its length.
_BOUNDARY = b"\r\n--graphql"
_HEAD = b"\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: %d\r\n\r\n"
_END = b"--\r\n"


def accepts_multipart(accept: bytes) -> bool:
    """Whether this Accept header allows subscription results as multipart."""
    return b"multipart/mixed" in accept.lower() and any(
        media.name == "multipart/mixed"
        and media.parameters.get("subscriptionspec", "").startswith("1.")
        and media.quality > 0
        for media in media_ranges(accept)
    )


def _part(value: Mapping[str, Any]) -> bytes:
    body = encoded(value).encode()
    return _HEAD % len(body) + body + _BOUNDARY


def _result(result: ExecutionResult) -> bytes:
    return _part({"payload": response_of(result)})


MULTIPART = StreamFormat(
    content_type=b"multipart/mixed;boundary=graphql;subscriptionSpec=1.0",
    start=_BOUNDARY,
    heartbeat=_part({}),
    encode=_result,
    complete=_END,
    # A transport error.
    stopped=_part({"payload": None, "errors": [STOPPING]}) + _END,
)
