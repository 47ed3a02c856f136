"""Files of an agent's home that a transcript names in its lines, such as the long outputs of tools."""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, TypeAlias

from storage.documents.formats.file_walk import is_regular_file

Companion: TypeAlias = Callable[[str], bytes | None]
"""`TranscriptReader.companion`."""


def text_of(content: bytes) -> str:
    """The text of a file. No stored text has U+0000."""
    return content.decode(errors="replace").replace("\0", "\ufffd")


class FileNames(NamedTuple):
    """How an agent's transcripts name some of its files: the patterns of their paths, in texts and in lines.

    The beginning of a path is that of the machine that wrote it: the name is the path below the home.
    """

    in_text: re.Pattern[str]
    in_line: re.Pattern[bytes]

    @classmethod
    def of(cls, *parts: str) -> "FileNames":
        """The names whose parts, between slashes of either kind, match these patterns, which have no groups."""
        pattern = r"[/\\]+".join(f"({part})" for part in parts)
        return cls(re.compile(pattern, re.ASCII), re.compile(pattern.encode()))

    def first_in(self, text: str) -> str | None:
        """The first name in a text."""
        found = self.in_text.search(text)
        return "/".join(found.groups()) if found else None


class NamedFiles(NamedTuple):
    """The files of a home that have such names."""

    home: Path
    names: FileNames

    def found_in(self, lines: Iterable[bytes]) -> dict[str, Path]:
        """The regular files that the lines name, by their names. Follows no links."""
        named = dict.fromkeys(match.groups() for line in lines for match in self.names.in_line.finditer(line))
        names = (b"/".join(parts).decode("ascii") for parts in named)
        paths = {name: self.home / name for name in names}
        return {name: path for name, path in paths.items() if is_regular_file(path) and not self._is_linked(path)}

    def _is_linked(self, path: Path) -> bool:
        """Whether a folder between the home and the path is a link."""
        folder = path.parent
        own = os.path.realpath(self.home)
        return os.path.realpath(folder) != os.path.join(own, folder.relative_to(self.home))  # noqa: PTH118 # As a string, to be compared.
