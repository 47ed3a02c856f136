"""The budget of an answer in bytes, which is spent while the answer is built and before it is encoded.

One page at a time may be encoded before its bytes are spent.
"""

from collections.abc import Callable
from contextvars import ContextVar, Token

import orjson

from resolvers.errors import AnswerTooLarge


class AnswerBudget:
    """The bytes that one answer may have, estimated from its objects and texts.

    Reads from the database have the same limit, apart from what the answer shows of them. `with` makes it the budget of
    the answer that is built in the block.
    """

    # A class, since a generator as context manager takes four times as long.
    __slots__ = ("_estimates", "_read", "_spent", "_token", "_uncounted", "is_exceeded", "limit")
    _token: "Token[AnswerBudget | None]"

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.is_exceeded = False
        self._spent = 0
        self._read = 0
        # The most bytes that were spent and not counted, and the functions that count them.
        self._estimates = 0
        self._uncounted: list[Callable[[], int]] = []

    def __enter__(self) -> None:
        self._token = current_budget.set(self)

    def __exit__(self, *error: object) -> None:
        current_budget.reset(self._token)

    def spend(self, size: int) -> None:
        """Count bytes of the answer. Raises AnswerTooLarge."""
        self._spent += size
        self._check()

    def spend_at_most(self, size: int, count: Callable[[], int]) -> None:
        """Spend at most `size` bytes, which `count` counts exactly if the limit is near. Raises AnswerTooLarge."""
        self._estimates += size
        self._uncounted.append(count)
        self._check()

    @property
    def spent(self) -> int:
        """At most so many bytes were spent."""
        return self._spent + self._estimates

    @property
    def readable(self) -> int:
        """Characters that may still be read from the database."""
        return self.limit - self._read

    def count_read(self, size: int) -> None:
        """Count characters that were read from the database. Raises AnswerTooLarge."""
        self._read += size
        if self._read > self.limit:
            raise self.exceeded()

    def _check(self) -> None:
        if self._spent + self._estimates > self.limit and self._uncounted:
            self._spent += sum(count() for count in self._uncounted)
            self._uncounted.clear()
            self._estimates = 0
        if self._spent > self.limit or self.is_exceeded:
            raise self.exceeded()

    def exceeded(self) -> AnswerTooLarge:
        """The error for an answer beyond the limit; everything that is spent afterwards raises it too."""
        self.is_exceeded = True
        return AnswerTooLarge(
            f"The answer would have more than the {self.limit:,} bytes that are allowed; request smaller pages."
        )


current_budget: ContextVar[AnswerBudget | None] = ContextVar("reprise_answer_budget", default=None)
"""The budget of the operation that the running task executes."""


def text_size(value: object) -> int:
    """The characters of a text, or of the text of a JSON value."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, orjson.Fragment):
        # It does not tell its length. Encoding it copies its text.
        return len(orjson.dumps(value))
    return 0
