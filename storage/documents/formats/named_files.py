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


class NamedFiles(NamedTuple):
    """How a transcript names files of a home: `pattern` finds them, and its groups are their paths below `folder`.

    The whole paths in a transcript are of the machine that wrote it.
    """

    home: Path
    folder: str
    pattern: re.Pattern[bytes]

    def found_in(self, lines: Iterable[bytes]) -> dict[str, Path]:
        """The regular files that the lines name, by their paths below the home. Follows no links."""
        named = dict.fromkeys(match.groups() for line in lines for match in self.pattern.finditer(line))
        names = ("/".join((self.folder, *(part.decode("ascii") for part in parts))) for parts in named)
        paths = {name: self.home / name for name in names}
        return {name: path for name, path in paths.items() if is_regular_file(path) and not self._is_linked(path)}

    def _is_linked(self, path: Path) -> bool:
        """Whether a folder between the home and the path is a link."""
        folder = path.parent
        own = os.path.realpath(self.home)
        return os.path.realpath(folder) != os.path.join(own, folder.relative_to(self.home))  # noqa: PTH118 # As a string, to be compared.
