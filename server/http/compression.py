"""Compression of large responses with gzip, for clients that are not on this machine."""

import functools

from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipResponder, IdentityResponder
from starlette.types import ASGIApp, Receive, Scope, Send

from server.http.addresses import is_loopback
from server.http.negotiation import header_values, media_ranges

MIN_BYTES = 4 * 1024
"""A shorter response fits into a few packets."""

# Twice as fast as Starlette's default, 9, for responses that are a tenth larger.
_LEVEL = 4

# Parts of a multipart response must not wait in a compressor.
_EXCLUDED = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "multipart/mixed")

_MAX_CACHED_LENGTH = 256


class CompressionMiddleware:
    """ASGI middleware that compresses as Starlette's GZipMiddleware does, in a thread if the response is large.

    Unlike GZipMiddleware, it respects the weights of Accept-Encoding, and leaves responses over the loopback as they
    are: to compress these takes longer than to send them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_remote(scope):
            await self._app(scope, receive, send)
            return
        # Also without compression, this adds `Vary` to the responses that would else be compressed.
        responder: ASGIApp = IdentityResponder(self._app, MIN_BYTES, exclude_content_types=_EXCLUDED)
        if accepts_gzip(header_values(scope).get(b"accept-encoding", b"")):
            responder = GZipResponder(self._app, MIN_BYTES, _LEVEL, exclude_content_types=_EXCLUDED)
        await responder(scope, receive, send)


def accepts_gzip(accept_encoding: bytes) -> bool:
    """Whether a client with this Accept-Encoding header prefers gzip to no compression."""
    if len(accept_encoding) <= _MAX_CACHED_LENGTH:
        return _cached_accepts_gzip(accept_encoding)
    return _accepts_gzip(accept_encoding)


def _accepts_gzip(accept_encoding: bytes) -> bool:
    # Content codings have the syntax of media ranges.
    qualities = {coding.name: coding.quality for coding in media_ranges(accept_encoding)}
    quality = max(
        (qualities[name] for name in ("gzip", "x-gzip") if name in qualities), default=qualities.get("*", 0.0)
    )
    # Unless it is named, `identity` is acceptable but not preferred.
    return quality > 0 and quality >= qualities.get("identity", 0.0)


_cached_accepts_gzip = functools.lru_cache(maxsize=256)(_accepts_gzip)


def _is_remote(scope: Scope) -> bool:
    # A Unix socket has no client address.
    client: tuple[str, int] | None = scope["client"]
    return client is not None and not _is_loopback(client[0])


_is_loopback = functools.lru_cache(maxsize=256)(is_loopback)
