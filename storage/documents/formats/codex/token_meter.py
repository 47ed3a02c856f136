"""Counts the tokens of each reply once, though Codex writes them several times."""

from storage.documents.formats.codex.entries import TokenCount
from storage.documents.formats.codex.token_usage import growth
from storage.records.token_usage import NO_TOKENS, TokenUsage


class TokenMeter:
    """Reads counts in order. `total` is that of the thread by the last count.

    Newer versions write a record of each reply. All versions repeat the last count, with the thread's total, whenever
    something else changed: a count with the same total as the one before is a repetition.
    """

    def __init__(self) -> None:
        self.total: TokenUsage | None = None
        self._recorded: TokenUsage | None = None
        self._recorded_total: TokenUsage | None = None
        self._response_ids: set[str] = set()

    def read(self, count: TokenCount) -> TokenUsage:
        """The tokens of a count; none when they were counted before."""
        return self._read_record(count) if count.is_record else self._read_total(count)

    def _read_record(self, record: TokenCount) -> TokenUsage:
        if record.usage is None or (record.response_id and record.response_id in self._response_ids):
            return NO_TOKENS
        self._response_ids.add(record.response_id)
        is_known = record.total is not None and record.total == self.total
        self.total = record.total or self.total
        self._recorded, self._recorded_total = record.usage, record.total
        return NO_TOKENS if is_known else record.usage

    def _read_total(self, count: TokenCount) -> TokenUsage:
        if count.total is None or count.total == self.total:
            if count.total is not None and count.total == self._recorded_total:
                # The record has been repeated: a later count of as many tokens is another reply's.
                self._recorded = None
            return NO_TOKENS
        earlier, self.total = self.total, count.total
        usage = growth(count.total, earlier) if count.usage is None else count.usage
        recorded, self._recorded = self._recorded, None
        return NO_TOKENS if usage == recorded else usage
