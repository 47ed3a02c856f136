"""Tokens that a reply or a session took."""

from typing import NamedTuple


class TokenUsage(NamedTuple):
    """Tokens in classes that do not overlap: `input` leaves out the cache, `output` the reasoning where it is known."""

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0

    def plus(self, other: "TokenUsage") -> "TokenUsage":
        """The sum of both, class by class."""
        return TokenUsage(*(one + two for one, two in zip(self, other, strict=True)))


NO_TOKENS = TokenUsage()
