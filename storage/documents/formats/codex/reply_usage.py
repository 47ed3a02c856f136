"""Gives the tokens that Codex counts to the messages that took them."""

from storage.documents.formats.codex.draft import RolloutDraft
from storage.records.token_usage import NO_TOKENS, TokenUsage


class ReplyUsage:
    """The tokens of the session's own replies, added as they are counted. `total` is their sum."""

    def __init__(self) -> None:
        self.total = NO_TOKENS
        self._message: RolloutDraft | None = None
        # What was counted before there was a message for it.
        self._unclaimed = NO_TOKENS

    def expect(self, message: RolloutDraft) -> None:
        """What is counted from now on is of this message, and so is what no message has."""
        self._message = message
        message.usage, self._unclaimed = self._unclaimed, NO_TOKENS

    def expect_none(self) -> None:
        """What is counted from now on is of the next message."""
        self._message = None

    def add(self, usage: TokenUsage) -> None:
        """Add what was counted."""
        if usage is NO_TOKENS:
            return
        self.total = self.total.plus(usage)
        if self._message is None:
            self._unclaimed = self._unclaimed.plus(usage)
        else:
            self._message.usage = self._message.usage.plus(usage)
