"""Long outputs of tools, which OpenCode keeps for a week in files of their own: the result has only a part of them."""

import re

from storage.documents.formats.blocks import Block
from storage.documents.formats.json_values import as_object, as_text
from storage.documents.formats.named_files import Companion, FileNames, text_of

FILES = FileNames.of("tool-output", r"tool_\w+")
"""The names of the files."""

_NOTES = re.compile(r"\n\n<(\w+_metadata)>\n.*</\1>\s*\Z", re.DOTALL)
"""What the program adds behind the output of a command, such as that the command took too long."""


def whole_output(state: Block, companion: Companion) -> str | None:
    """The whole output of a call and the notes that the program appended; None if its file was not kept."""
    name = FILES.first_in(as_text(as_object(state.get("metadata")).get("outputPath")))
    output = companion(name) if name else None
    if output is None:
        return None
    notes = _NOTES.search(as_text(state.get("output")))
    return text_of(output) + (notes[0] if notes else "")
