"""Messages for graphql-core, which reads all columns because it does not know which of them are selected."""

from typing import Any

from resolvers.answer_budget import AnswerBudget
from storage.records.message import MessageRow

CONTENT_ATTRIBUTES = frozenset(
    {"blocks", "content", "iterate_blocks", "raw_content", "searched_blocks", "searched_texts", "text"}
)
"""Attributes of messages that are read from their contents."""

WITHOUT_CONTENT = frozenset(MessageRow._fields) - {"content"}


class BudgetedMessage:
    """A message whose content counts as read when a field uses it; when there was no room to read it, that fails."""

    __slots__ = ("_budget", "_has_content", "_is_counted", "_row")

    def __init__(self, row: MessageRow, budget: AnswerBudget, *, has_content: bool) -> None:
        self._row = row
        self._budget = budget
        self._has_content = has_content
        self._is_counted = False

    @property
    def characters(self) -> int:
        """The length of its content if there was room to read it, without counting it as read."""
        return len(self._row.content) if self._has_content else 0

    def __getattr__(self, name: str) -> Any:
        if name in CONTENT_ATTRIBUTES:
            if not self._has_content:
                raise self._budget.exceeded()
            if not self._is_counted:
                self._is_counted = True
                self._budget.count_read(len(self._row.content))
        return getattr(self._row, name)
