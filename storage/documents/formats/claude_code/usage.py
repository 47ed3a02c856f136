"""Tokens of replies, as Claude Code counts them."""

import msgspec

from storage.documents.formats.claude_code.line import Usage
from storage.records.token_usage import MAX_TOKENS, TokenUsage

SYNTHETIC = "<synthetic>"
"""The model of replies that the program made itself."""


class ReplyUsage(msgspec.Struct, gc=False):
    """The tokens of a reply. Each of its lines has them; while a reply streams they grow.

    Requests count apart: a reply that was asked for twice costs twice. Few replies have `others`.
    """

    request_id: str | None
    usage: Usage
    others: dict[str | None, Usage] | None = None

    def add(self, request_id: str | None, usage: Usage) -> None:
        """Take in the usage of another line."""
        if request_id == self.request_id:
            if usage.output_tokens >= self.usage.output_tokens:
                self.usage = usage
            return
        if self.others is None:
            self.others = {}
        known = self.others.get(request_id)
        if known is None or usage.output_tokens >= known.output_tokens:
            self.others[request_id] = usage

    def total(self) -> TokenUsage:
        """The tokens of all requests, each at its largest."""
        total = _token_usage(self.usage)
        for usage in (self.others or {}).values():
            total = total.plus(_token_usage(usage))
        return total


def _token_usage(usage: Usage) -> TokenUsage:
    output = _count(usage.output_tokens)
    details = usage.output_tokens_details
    reasoning = min(output, _count(details.thinking_tokens)) if details else 0
    return TokenUsage(
        _count(usage.input_tokens),
        _count(usage.cache_read_input_tokens),
        _count(usage.cache_creation_input_tokens),
        output - reasoning,
        reasoning,
    )


def _count(value: int) -> int:
    return value if 0 <= value <= MAX_TOKENS else min(max(value, 0), MAX_TOKENS)
