"""Request headers and content negotiation."""

import functools
from collections.abc import Iterator
from typing import NamedTuple

from starlette.types import Scope

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"

# Key in the scope under which parsed headers are cached for the following middleware.
_HEADERS = "reprise.headers"

# Longer Accept headers are not cached, to bound the size of the cache.
_MAX_CACHED_LENGTH = 256


class MediaRange(NamedTuple):
    """A media range `TYPE/SUBTYPE;PARAMETER=VALUE`, in lower case except for the values."""

    name: str
    parameters: dict[str, str]

    @property
    def quality(self) -> float:
        """The weight of RFC 9110, section 12.4.2. 0, and anything that is not a number, means not acceptable."""
        try:
            return min(max(float(self.parameters.get("q", "1")), 0.0), 1.0)
        except ValueError:
            return 0.0


def header_values(scope: Scope) -> dict[bytes, bytes]:
    """The headers of a request by name in lower case; repeated headers are joined by commas.

    A repeated header that must be unique, such as Host, becomes an invalid value and is refused.
    """
    cached: dict[bytes, bytes] | None = scope.get(_HEADERS)
    if cached is not None:
        return cached
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    values = scope[_HEADERS] = dict(headers)
    if len(values) < len(headers):
        values.clear()
        for name, value in headers:
            values[name] = values[name] + b", " + value if name in values else value
    return values


def answer_type(accept: bytes) -> str | None:
    """The GraphQL media type of the response to a request with this Accept header, or None if none is acceptable.

    Ordered by quality, then by specificity, then by position in the header.
    """
    return _cached_answer_type(accept) if len(accept) <= _MAX_CACHED_LENGTH else _answer_type(accept)


def is_json(content_type: bytes) -> bool:
    """Whether a body of this type is JSON in UTF-8."""
    if content_type == b"application/json":
        return True
    media = next(media_ranges(content_type), None)
    return (
        media is not None
        and media.name == JSON
        and b"," not in content_type
        and media.parameters.get("charset", "utf-8").lower() in ("utf-8", "utf8")
    )


def media_ranges(header: bytes) -> Iterator[MediaRange]:
    """The media ranges of an Accept or Content-Type header."""
    for item in header.decode("latin-1").split(","):
        name, *parameters = item.split(";")
        if name.strip():
            pairs = (parameter.partition("=") for parameter in parameters)
            yield MediaRange(name.strip().lower(), {key.strip().lower(): _unquoted(value) for key, _, value in pairs})


def _unquoted(value: str) -> str:
    return value.strip().strip('"')


def _answer_type(accept: bytes) -> str | None:
    ranges = list(media_ranges(accept))
    if not ranges:
        return JSON
    # JSON wins a tie, as under */*.
    candidates = [(fit, media_type) for media_type in (JSON, GRAPHQL_RESPONSE) if (fit := _fit(media_type, ranges))]
    return max(candidates, key=lambda candidate: candidate[0])[1] if candidates else None


_cached_answer_type = functools.lru_cache(maxsize=256)(_answer_type)


def _fit(media_type: str, ranges: list[MediaRange]) -> tuple[float, int, int] | None:
    """The rank of `media_type`: quality, specificity and position. None if it is not acceptable."""
    specificity_by_name = {media_type: 2, "application/*": 1, "*/*": 0}
    found = [
        (specificity_by_name[media.name], -position, media.quality)
        for position, media in enumerate(ranges)
        if media.name in specificity_by_name and media.parameters.get("charset", "utf-8").lower() in ("utf-8", "utf8")
    ]
    if not found:
        return None
    # The most specific range determines the quality, even if another one has a higher quality.
    specificity, position, quality = max(found)
    return (quality, specificity, position) if quality > 0 else None
