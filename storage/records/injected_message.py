"""Whether a whole message was put in by the agent program."""

from storage.records.content_block import CompactionBlock, TextBlock, message_blocks
from storage.records.injected import split_injected


def is_injected(role: str, content: object) -> bool:
    """Whether no block of a stored message is the person's or the model's own."""
    blocks = message_blocks(role, content)
    if role == "USER":
        splits = [split_injected(block.text) if isinstance(block, TextBlock) else None for block in blocks]
        return bool(splits) and all(split is not None and split.has_injected and not split.own for split in splits)
    return bool(blocks) and all(isinstance(block, CompactionBlock) for block in blocks)
