"""Text that an agent program puts into a person's message: it is stored and shown, but it is not the person's words."""

import re
from typing import NamedTuple

_OPENING = "<turn_meta>"
# CodeWhale's note on date, workspace and working set, which stands before, behind or in the prompt.
_INJECTED = re.compile(r"\s*<turn_meta>.*?</turn_meta>\s*", re.DOTALL)


class SplitText(NamedTuple):
    """A text of a person's message without what was injected, and whether anything was."""

    own: str
    has_injected: bool


def split_injected(text: str) -> SplitText:
    """Separate a person's words from injected text."""
    if _OPENING not in text:
        return SplitText(text, False)
    parts = _INJECTED.split(text)
    return SplitText("\n".join(filter(None, parts)), len(parts) > 1)
