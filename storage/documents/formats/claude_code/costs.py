"""The cost of a session.

The program adds up the costs of all runs of a session, and a fork continues with the sum of its source. That part is
subtracted, so that the sum over all sessions counts it once.
"""

from collections.abc import Sequence
from typing import NamedTuple

from storage.documents.formats.claude_code.draft import LineDraft
from storage.documents.formats.claude_code.line import TranscriptLine
from storage.documents.formats.json_values import as_time


class Spending(NamedTuple):
    """The cost, up to a time, of a session and of those that it was forked from, in US dollars.

    `started` is when the first run of the first of them began, which a fork takes over with the sum.
    """

    cost: float
    started: float | None
    output_tokens: int


def spending(record: TranscriptLine) -> Spending | None:
    """The costs that a line records; None if it records none."""
    if record.total_cost is None:
        return None
    models = (record.model_usage or {}).values()
    return Spending(record.total_cost, record.start_time, sum(model.outputTokens for model in models))


class SourceCosts:
    """The costs of the session that a fork came from, at all times that it recorded."""

    def __init__(self) -> None:
        self._recorded: list[tuple[Spending, str | int | float | None]] = []
        self._last_time: str | int | float | None = None

    def take_in(self, record: TranscriptLine) -> None:
        """Take in a line of the session."""
        if record.timestamp is not None:
            self._last_time = record.timestamp
        if (recorded := spending(record)) is not None:
            self._recorded.append((recorded, self._last_time))

    def own_cost(self, total: Spending, own: Sequence[LineDraft]) -> float:
        """The part of a fork's total that its own messages cost.

        The fork took over what was recorded last before it was made. A source that ended later without another word has
        recorded more, which the output tokens tell: the rest would be less than the fork's own.
        """
        forked_at = next(filter(None, (as_time(draft.created_at) for draft in own)), None)
        usages = [draft.usage.total() for draft in own if draft.usage is not None]
        output_tokens = sum(usage.output + usage.reasoning for usage in usages)
        for recorded, time in reversed(self._recorded):
            is_earlier = forked_at is None or (written := as_time(time)) is None or written <= forked_at
            has_room = total.output_tokens - recorded.output_tokens >= output_tokens
            if is_earlier and has_room and recorded.started == total.started and recorded.cost <= total.cost:
                return total.cost - recorded.cost
        return total.cost
