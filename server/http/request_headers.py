"""Checks of a request's headers, before its body is read."""

from server.http.negotiation import JSON, is_json
from server.http.response import Refusal


def check_fetch_site(headers: dict[bytes, bytes]) -> None:
    """Refuse GETs that a browser sends for a page of another site without CORS: images, scripts, links, frames.

    Such a page cannot read the response, but it can measure its time and size and put load on the server. An allowed
    page sends its `Origin`, which is checked for every request. Raises Refusal.
    """
    if headers.get(b"sec-fetch-site") in (b"cross-site", b"same-site") and b"origin" not in headers:
        raise Refusal(403, "FORBIDDEN", "Cross-site GET requests without CORS are refused; use POST.")


def check_content(headers: dict[bytes, bytes]) -> None:
    """Refuse anything but uncompressed JSON, which browsers send to another origin only after a CORS preflight.

    Raises Refusal.
    """
    if not is_json(headers.get(b"content-type", b"")):
        raise Refusal(415, "BAD_REQUEST", f"`Content-Type` must be {JSON} in UTF-8.", (b"accept-post", JSON.encode()))
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Refusal(415, "BAD_REQUEST", "`Content-Encoding` is not supported.", (b"accept-encoding", b"identity"))


def content_length(headers: dict[bytes, bytes]) -> int | None:
    """The bytes of the body as the client states them; None where it does not."""
    value = headers.get(b"content-length", b"")
    return int(value) if value.isdigit() else None
