"""Items made straight from common blocks: a fraction of the work of `items_of`."""

from collections.abc import Mapping, Sequence, Set

from storage.records.common_block import CommonBlock, CommonText, CommonThinking, CommonToolUse
from storage.records.injected import split_injected
from storage.records.transcript_items import (
    ASSISTANT,
    USER,
    Answer,
    Item,
    agent_message,
    reasoning,
    tool_call,
    user_message,
)


def common_items(
    role: str, blocks: Sequence[CommonBlock], answers: Mapping[int, Answer], answering: Set[int]
) -> list[Item] | None:
    """The items that `items_of` yields of these blocks; None if an item needs a block as it is stored.

    The parameters are those of `items_of`.
    """
    items: list[Item] = []
    said: list[str] = []
    place = 0
    for position, block in enumerate(blocks):
        if isinstance(block, CommonText):
            if block.is_injected:
                return None
            if not block.text:
                continue
            if role == ASSISTANT:
                items.append(agent_message(block.text))
            elif role == USER and not split_injected(block.text).has_injected:
                place = place if said else len(items)
                said.append(block.text)
            else:
                return None
        elif isinstance(block, CommonThinking):
            if block.thinking:
                items.append(reasoning(block.thinking))
        elif isinstance(block, CommonToolUse):
            items.append(tool_call(block, answers.get(position)))
        elif position not in answering:
            return None
    if said:
        items.insert(place, user_message("\n".join(said)))
    return items
