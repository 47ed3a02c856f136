"""Text that an agent program puts into a message: it is stored and shown, but it is not the person's words.

Formats of transcripts mark whole text blocks with `is_injected`. In documents it is CodeWhale's note on date, workspace
and working set, which stands before, behind or in the prompt.
"""

from typing import NamedTuple

from storage.records.content_block import CompactionBlock, ContentBlock, TextBlock

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


def is_marked(raw: object) -> bool:
    """Whether a stored block is marked as injected."""
    return isinstance(raw, dict) and raw.get("is_injected") is True


def is_branch_summary(raw: object) -> bool:
    """Whether a stored block is the summary of a branch that was left, which the model sees in its place."""
    return isinstance(raw, dict) and raw.get("is_branch_summary") is True


def is_from_editor(raw: object) -> bool:
    """Whether a stored block is what an editor sent with a prompt, such as a file that was not saved."""
    return isinstance(raw, dict) and raw.get("is_from_editor") is True


def split_block(block: TextBlock) -> SplitText:
    """Separate a person's words in a block of their message from injected text."""
    return SplitText("", True) if is_marked(block.raw) else split_injected(block.text)


def is_injected_block(role: str, block: ContentBlock) -> bool:
    """Whether a block of a message with this role has no word of the person's or the model's."""
    if isinstance(block, TextBlock):
        return is_marked(block.raw) or (role == "USER" and split_injected(block.text) == SplitText("", True))
    return isinstance(block, CompactionBlock)
