"""Which tool result answers which tool call, wherever in the session the two stand.

The k-th call with an id is answered by the k-th result with that id. So that seeding need not read a whole
transcript before its first item, each message's calls and results are noted beside it when it is imported.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set

import orjson

from storage.records.content_block import ContentBlock, ToolResultBlock, ToolUseBlock

Place = tuple[int, int]
"""Position of a message, and of a block in it."""


def note(blocks: Sequence[ContentBlock]) -> str | None:
    """JSON text naming the calls and results among `blocks` as `[[place, id], ...]`; None when there are none."""
    calls = [(block.position, block.tool_use_id) for block in blocks if isinstance(block, ToolUseBlock)]
    results = [(block.position, block.tool_use_id) for block in blocks if isinstance(block, ToolResultBlock)]
    if not calls and not results:
        return None
    return orjson.dumps({"calls": calls, "results": results}).decode()


class ToolLinks:
    """The pairs of calls and results of a transcript, or of its first messages."""

    def __init__(self, notes: Iterable[tuple[int, str | None]]) -> None:
        """`notes` are pairs of a message's position and what `note` gave for it, in order."""
        calls: defaultdict[str, list[Place]] = defaultdict(list)
        results: defaultdict[str, list[Place]] = defaultdict(list)
        for position, text in notes:
            if text is not None:
                links = orjson.loads(text)
                for block, tool_use_id in links["calls"]:
                    calls[tool_use_id].append((position, block))
                for block, tool_use_id in links["results"]:
                    results[tool_use_id].append((position, block))
        self._result_count = sum(map(len, results.values()))
        self._answers: dict[int, dict[int, Place]] = {}
        self._answering: dict[int, set[int]] = {}
        self._pair_count = 0
        for tool_use_id, places in calls.items():
            for (asking, call), result in zip(places, results.get(tool_use_id, ()), strict=False):
                self._answers.setdefault(asking, {})[call] = result
                self._answering.setdefault(result[0], set()).add(result[1])
                self._pair_count += 1

    def answers_to(self, position: int) -> Mapping[int, Place]:
        """Where the results of a message's calls stand, by the place of the call; a call without one is left out."""
        return self._answers.get(position, {})

    def answering_in(self, position: int) -> Set[int]:
        """Places of the results in a message that answer some call."""
        return self._answering.get(position, frozenset())

    @property
    def orphan_count(self) -> int:
        """Results that answer no call."""
        return self._result_count - self._pair_count

    def answered_from_outside(self, start: int, end: int) -> set[int]:
        """Messages before `start` or from `end` on that answer calls of the messages between."""
        return {
            position
            for asking in range(start, end)
            for position, _ in self.answers_to(asking).values()
            if not start <= position < end
        }

    def agrees_before(self, position: int, other: "ToolLinks") -> bool:
        """Whether both tell the same of every call and result in messages before `position`."""
        return all(
            self.answers_to(place) == other.answers_to(place) and self.answering_in(place) == other.answering_in(place)
            for place in range(position)
        )
