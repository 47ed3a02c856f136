"""Which tool result answers which tool call, wherever in the session the two stand.

The k-th call with an id is answered by the k-th result with that id. So that seeding need not read a whole
transcript before its first item, each message's calls and results are noted beside it when it is imported.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import orjson

from storage.content_block import ContentBlock, ToolResultBlock, ToolUseBlock

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
        self.result_count = sum(map(len, results.values()))
        self._answers: defaultdict[int, dict[int, Place]] = defaultdict(dict)
        self._answering: set[Place] = set()
        for tool_use_id, places in calls.items():
            for (position, block), result in zip(places, results.get(tool_use_id, ()), strict=False):
                self._answers[position][block] = result
                self._answering.add(result)

    def answer(self, call: Place) -> Place | None:
        """Where the result of a call stands; None when the call was never answered."""
        return self._answers.get(call[0], {}).get(call[1])

    def is_answer(self, result: Place) -> bool:
        """Whether a result answers some call."""
        return result in self._answering

    @property
    def orphan_count(self) -> int:
        """Results that answer no call."""
        return self.result_count - len(self._answering)

    def answered_from_outside(self, start: int, end: int) -> set[int]:
        """Messages before `start` or from `end` on that answer calls of the messages between."""
        return {
            position
            for asking in range(start, end)
            for position, _ in self._answers.get(asking, {}).values()
            if not start <= position < end
        }

    def agrees_before(self, position: int, other: "ToolLinks") -> bool:
        """Whether both tell the same of every call and result in messages before `position`."""
        return self._told_before(position) == other._told_before(position)

    def _told_before(self, position: int) -> tuple[dict[int, dict[int, Place]], set[Place]]:
        return (
            {asking: places for asking, places in self._answers.items() if asking < position},
            {result for result in self._answering if result[0] < position},
        )
