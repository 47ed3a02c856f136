"""Long outputs of tools, which OpenCode keeps for a week in files of their own: the result has only a part of them."""

import re
from pathlib import Path

from storage.documents.formats.blocks import Block
from storage.documents.formats.json_values import as_object, as_text
from storage.documents.formats.named_files import Companion, NamedFiles, text_of

_FOLDER = "tool-output"
_PATH = re.compile(rf"{_FOLDER}[/\\]+(tool_\w+)", re.ASCII)
_PATH_BYTES = re.compile(_PATH.pattern.encode())
_NOTES = re.compile(r"\n\n<(\w+_metadata)>\n.*</\1>\s*\Z", re.DOTALL)
"""What the program adds behind the output of a command, such as that the command took too long."""


def long_outputs(home: Path) -> NamedFiles:
    """The files of long outputs below a home."""
    return NamedFiles(home, _FOLDER, _PATH_BYTES)


def whole_output(state: Block, companion: Companion) -> str | None:
    """The whole output of a call, with the program's notes behind it; None if there is no file of it."""
    path = _PATH.search(as_text(as_object(state.get("metadata")).get("outputPath")))
    output = companion(f"{_FOLDER}/{path[1]}") if path else None
    if output is None:
        return None
    notes = _NOTES.search(as_text(state.get("output")))
    return text_of(output) + (notes[0] if notes else "")
