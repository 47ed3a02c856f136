"""The tokens of a reply or a session."""

from typing import NamedTuple

import orjson

MAX_TOKENS = 2**53 - 1
"""The largest number that clients are sent as a BigInt."""


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

    def bounded(self) -> "TokenUsage":
        """The same, with classes so small that clients can be sent their total."""
        if sum(self) <= MAX_TOKENS:
            return self
        return TokenUsage(*(min(count, MAX_TOKENS // len(self)) for count in self))


NO_TOKENS = TokenUsage()


class TokenCounts(NamedTuple):
    """The tokens of a reply or a session as clients see them, with their total."""

    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    total_tokens: int


def stored_counts(usage: str) -> TokenCounts:
    """The tokens of a reply, from the column of its message."""
    counts = TokenUsage(*orjson.loads(usage))
    return TokenCounts(*counts, total_tokens=sum(counts))
