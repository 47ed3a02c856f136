"""What a handoff changes, counted by kind."""

from collections import Counter
from dataclasses import dataclass

REASONING = "REASONING"
UNANSWERED_CALL = "UNANSWERED_CALL"
IMAGE = "IMAGE"
OTHER_BLOCK = "OTHER_BLOCK"
BRANCH = "BRANCH"
COMPACTION = "COMPACTION"
INJECTED_TEXT = "INJECTED_TEXT"
SYSTEM_TEXT = "SYSTEM_TEXT"
ORPHAN_RESULT = "ORPHAN_RESULT"
TOOL_NAME = "TOOL_NAME"
TOOL_INPUT = "TOOL_INPUT"
ADDED_TEXT = "ADDED_TEXT"
TITLE = "TITLE"

CODES = {
    REASONING: "Reasoning that only its own provider can read.",
    UNANSWERED_CALL: "A call whose answer was never saved is given one that says so.",
    IMAGE: "A picture.",
    OTHER_BLOCK: "A block of a kind that the other agent does not have.",
    BRANCH: "Branches that were left.",
    COMPACTION: "Messages that a compaction replaced, or the summary that replaced them.",
    INJECTED_TEXT: "Text that the agent's program put in, such as reminders: the other program puts in its own.",
    SYSTEM_TEXT: "A message of the system, carried under the user's role.",
    ORPHAN_RESULT: "An answer whose call was never saved, carried as text.",
    TOOL_NAME: "A tool's name with characters that models' interfaces refuse.",
    TOOL_INPUT: "Arguments of a call that are no JSON object, put into one.",
    ADDED_TEXT: "A text that was added, since the other agent needs a message there.",
    TITLE: "The title.",
}
"""The kinds of loss, each with what it is."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A kind of change, how often it was made, and how, for people."""

    code: str
    count: int
    message: str


class Losses:
    """Counts changes while they are made."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, code: str, message: str, count: int = 1) -> None:
        """Count changes of a kind; `message` says how it was done."""
        if count:
            self._counts[code, message] += count

    def listed(self) -> list[Loss]:
        """All changes, in the order of the kinds."""
        order = list(CODES)
        counts = sorted(self._counts.items(), key=lambda item: (order.index(item[0][0]), item[0][1]))
        return [Loss(code, count, message) for (code, message), count in counts]
