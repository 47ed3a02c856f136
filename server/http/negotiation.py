"""Which media types a request has and wants."""

import functools
from collections.abc import Iterator
from typing import NamedTuple

from starlette.types import Scope

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"

# Where in the scope they are kept, for several look at them.
_HEADERS = "reprise.headers"

# Longer ones are read anew each time, so that what is kept stays small.
_LONGEST_KEPT = 256


class MediaRange(NamedTuple):
    """`TYPE/SUBTYPE;PARAMETER=VALUE`, all but the values in lower case."""

    name: str
    parameters: dict[str, str]

    @property
    def quality(self) -> float:
        """The weight of RFC 9110, section 12.4.2; 0 is "not this one", and so is what is no number."""
        try:
            return min(max(float(self.parameters.get("q", "1")), 0.0), 1.0)
        except ValueError:
            return 0.0


def header_values(scope: Scope) -> dict[bytes, bytes]:
    """The headers of a request by their names in lower case; those that come several times joined by commas.

    Where only one value makes sense, as with Host, a joined one is wrong, which is right.
    """
    kept: dict[bytes, bytes] | None = scope.get(_HEADERS)
    if kept is not None:
        return kept
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    values = scope[_HEADERS] = dict(headers)
    if len(values) < len(headers):
        values.clear()
        for name, value in headers:
            values[name] = values[name] + b", " + value if name in values else value
    return values


def answer_type(accept: bytes) -> str | None:
    """The GraphQL media type for a response to a request with this Accept header ("" for none); None if neither fits.

    The one of higher quality, then the one that is asked for more exactly, then the one that is named first.
    """
    return _kept_answer_type(accept) if len(accept) <= _LONGEST_KEPT else _answer_type(accept)


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
    """What an Accept or Content-Type header lists."""
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
    # JSON first: it wins where the two are equal, as under */*.
    fits = [(fit, media_type) for media_type in (JSON, GRAPHQL_RESPONSE) if (fit := _fit(media_type, ranges))]
    return max(fits, key=lambda fitting: fitting[0])[1] if fits else None


_kept_answer_type = functools.lru_cache(maxsize=256)(_answer_type)


def _fit(media_type: str, ranges: list[MediaRange]) -> tuple[float, int, int] | None:
    """How well `media_type` fits: quality, exactness, and how early it is named. None if it does not."""
    exactness_of = {media_type: 2, "application/*": 1, "*/*": 0}
    found = [
        (exactness_of[media.name], -place, media.quality)
        for place, media in enumerate(ranges)
        if media.name in exactness_of and media.parameters.get("charset", "utf-8").lower() in ("utf-8", "utf8")
    ]
    if not found:
        return None
    # The most exact range says the quality, also where another one would give more.
    exactness, place, quality = max(found)
    return (quality, exactness, place) if quality > 0 else None
