"""Walks below an agent's home, which follow no links and pass over everything but regular files."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

LINK = "A link to a folder, which is not followed. Name the link to import what it leads to."


class FileWalk:
    """A walk through folders. `refused` has the folders and files that could not be read, with the reason."""

    def __init__(self) -> None:
        self.refused: list[tuple[Path, str]] = []

    def refuse(self, path: Path, error: OSError) -> None:
        """Note that a folder or file could not be read, unless it is gone by now."""
        if isinstance(error, FileNotFoundError):
            return
        refusal = (path, error.strerror or str(error))
        if refusal not in self.refused:
            self.refused.append(refusal)

    def entries(self, folder: Path) -> "list[os.DirEntry[str]]":
        """The entries of a folder, sorted. Missing folders and those that are refused have none."""
        try:
            return sorted_entries(folder)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            self.refuse(folder, error)
        return []

    def files(self, folder: Path, depth: int) -> Iterator[Path]:
        """The regular files in a folder and in `depth` levels of folders below it, sorted."""
        for entry in self.entries(folder):
            if entry.is_file(follow_symlinks=False):
                yield Path(entry.path)
            elif depth > 0 and entry.is_dir(follow_symlinks=False):
                yield from self.files(Path(entry.path), depth - 1)


def sorted_entries(folder: Path) -> "list[os.DirEntry[str]]":
    """The entries of a folder, sorted. Raises OSError."""
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def linked_folders(home: Path, folders: Iterable[str]) -> list[tuple[Path, str]]:
    """Those folders below a home that are links to folders, and the reason why they are refused.

    A link may lead anywhere, so that what it leads to is imported only if the link is named itself.
    """
    paths = [home / folder for folder in folders]
    return [(path, LINK) for path in paths if os.path.islink(path) and os.path.isdir(path)]  # noqa: PTH112, PTH114 # Path.is_dir raises PermissionError.


def is_regular_file(path: Path) -> bool:
    """Whether there is a regular file at the path, not a link to one. What cannot be looked at is none."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def expanded(name: str, user_home: Path) -> Path:
    """A path from an environment variable, in which `~` is the user's home."""
    return user_home / name[1:].lstrip("/\\") if name == "~" or name.startswith(("~/", "~\\")) else Path(name)
