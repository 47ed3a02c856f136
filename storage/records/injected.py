"""Text that an agent program puts into a person's message: it is stored and shown, but it is not the person's words.

The only kind is CodeWhale's note on date, workspace and working set, which stands before, behind or in the prompt.
"""

from typing import NamedTuple

from storage.records.content_block import CompactionBlock, MessageBlock, TextBlock

_OPENING = "<turn_meta>"
_CLOSING = "</turn_meta>"


class SplitText(NamedTuple):
    """A text of a person's message without what was injected, and whether anything was."""

    own: str
    has_injected: bool


def split_injected(text: str) -> SplitText:
    """Separate a person's words from injected text, in linear time."""
    parts: list[str] = []
    end = 0
    while (start := text.find(_OPENING, end)) >= 0 and (closing := text.find(_CLOSING, start)) >= 0:
        own = text[end:start]
        parts.append(own.strip() if parts else own.rstrip())
        end = closing + len(_CLOSING)
    if not parts:
        return SplitText(text, False)
    parts.append(text[end:].lstrip())
    return SplitText("\n".join(filter(None, parts)), True)


def is_injected_block(role: str, block: MessageBlock) -> bool:
    """Whether a block of a message with this role has no word of the person's or the model's."""
    if role == "USER":
        return isinstance(block, TextBlock) and split_injected(block.text) == SplitText("", True)
    return isinstance(block, CompactionBlock)
