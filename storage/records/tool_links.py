"""Pairs of tool calls and their results, at any distance in the session.

A result answers the nearest message before it with an open call of the same id, and there the first open call. Agents
reuse ids: `call_0` may stand in each turn, and a call that was interrupted stays without an answer. A result that
finds no open call is an orphan.

So that seeding need not read a whole transcript before it writes the first item, the import stores the calls and
results of each message beside it. The statistics of tools are counted from the same.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence, Set

import orjson

from storage.records.content_block import ContentBlock, ToolResultBlock, ToolUseBlock

Place = tuple[int, int]
"""Position of a message, and of a block in it."""


def note(blocks: Sequence[ContentBlock]) -> str | None:
    """Return the calls and results among `blocks` as JSON text, or None when there are none.

    The text has the form `{"calls": [[block position, tool use id, name], ...], "results": [...]}`, where a result has
    whether it is an error in place of the name.
    """
    calls = [(block.position, block.tool_use_id, block.name) for block in blocks if isinstance(block, ToolUseBlock)]
    results = [
        (block.position, block.tool_use_id, block.is_error) for block in blocks if isinstance(block, ToolResultBlock)
    ]
    if not calls and not results:
        return None
    return orjson.dumps({"calls": calls, "results": results}).decode()


_OpenCalls = tuple[int, deque[tuple[int, str]]]
"""Position of a message, and the blocks and names of its calls with one id that have no answer yet."""


def _open(messages: list[_OpenCalls], position: int, block: int, name: str) -> None:
    if not messages or messages[-1][0] != position:
        messages.append((position, deque()))
    messages[-1][1].append((block, name))


class ToolLinks:
    """The pairs of calls and results of a transcript, or of its first messages.

    `calls` and `failures` count the calls of each tool, and those that were answered with an error, by its name.
    """

    def __init__(self, notes: Iterable[tuple[int, str | None]]) -> None:
        """`notes` are pairs of a message's position and what `note` returned for it, in order of position."""
        self._answers: dict[int, dict[int, Place]] = {}
        self._answering: dict[int, set[int]] = {}
        self._orphan_count = 0
        self.calls: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        open_calls: defaultdict[str, list[_OpenCalls]] = defaultdict(list)
        for position, text in notes:
            if text is not None:
                links = orjson.loads(text)
                calls, results = links["calls"], links["results"]
                # Their positions differ, so that names and errors are never compared.
                for block, tool_use_id, what in sorted(calls + results) if calls and results else calls or results:
                    if isinstance(what, str):
                        self.calls[what] += 1
                        _open(open_calls[tool_use_id], position, block, what)
                    else:
                        self._close(open_calls[tool_use_id], (position, block), is_error=what)

    def _close(self, messages: list[_OpenCalls], result: Place, *, is_error: bool) -> None:
        if not messages:
            self._orphan_count += 1
            return
        asking, blocks = messages[-1]
        call, name = blocks.popleft()
        if is_error:
            self.failures[name] += 1
        if not blocks:
            messages.pop()
        self._answers.setdefault(asking, {})[call] = result
        self._answering.setdefault(result[0], set()).add(result[1])

    def answers_to(self, position: int) -> Mapping[int, Place]:
        """Return the places of the results of a message's calls, by the block positions of the answered calls."""
        return self._answers.get(position, {})

    def answering_in(self, position: int) -> Set[int]:
        """Return the block positions of the results in a message that answer a call."""
        return self._answering.get(position, frozenset())

    @property
    def orphan_count(self) -> int:
        """Number of results that answer no call."""
        return self._orphan_count

    def answered_from_outside(self, start: int, end: int) -> set[int]:
        """Return the messages outside of `start` to `end` whose results answer calls of the messages inside."""
        return {
            position
            for asking in range(start, end)
            for position, _ in self.answers_to(asking).values()
            if not start <= position < end
        }

    def agrees_before(self, position: int, other: "ToolLinks") -> bool:
        """Whether both hold the same pairs for every call and result in messages before `position`."""
        return all(
            self.answers_to(place) == other.answers_to(place) and self.answering_in(place) == other.answering_in(place)
            for place in range(position)
        )
