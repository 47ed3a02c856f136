"""Tokens of replies, as Claude Code counts them."""

from storage.documents.formats.claude_code.line import Usage
from storage.documents.formats.json_values import as_count
from storage.records.token_usage import TokenUsage

SYNTHETIC = "<synthetic>"
"""The model of replies that the program made itself."""


class ReplyUsage:
    """The tokens of a reply. Each of its lines has them; while a reply streams they grow.

    Requests count apart: a reply that was asked for twice costs twice.
    """

    __slots__ = ("_others", "_request_id", "_usage")

    def __init__(self, request_id: str | None, usage: Usage) -> None:
        self._request_id = request_id
        self._usage = usage
        # Few replies have more than one request.
        self._others: dict[str | None, Usage] | None = None

    def add(self, request_id: str | None, usage: Usage) -> None:
        """Take in the usage of another line."""
        if request_id == self._request_id:
            if usage.output_tokens >= self._usage.output_tokens:
                self._usage = usage
            return
        if self._others is None:
            self._others = {}
        known = self._others.get(request_id)
        if known is None or usage.output_tokens >= known.output_tokens:
            self._others[request_id] = usage

    def total(self) -> TokenUsage:
        """The tokens of all requests, each at its largest."""
        total = _token_usage(self._usage)
        for usage in (self._others or {}).values():
            total = total.plus(_token_usage(usage))
        return total


def _token_usage(usage: Usage) -> TokenUsage:
    output = as_count(usage.output_tokens)
    details = usage.output_tokens_details
    reasoning = min(output, as_count(details.thinking_tokens)) if details else 0
    return TokenUsage(
        as_count(usage.input_tokens),
        as_count(usage.cache_read_input_tokens),
        as_count(usage.cache_creation_input_tokens),
        output - reasoning,
        reasoning,
    )
