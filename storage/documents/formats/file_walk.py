"""Walks below an agent's home, which follow no links and pass over everything but regular files."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path


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


def is_regular_file(path: Path) -> bool:
    """Whether there is a regular file at the path, not a link to one. What cannot be looked at is none."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def expanded(name: str, user_home: Path) -> Path:
    """A path from an environment variable, in which `~` is the user's home."""
    return user_home / name[1:].lstrip("/\\") if name == "~" or name.startswith(("~/", "~\\")) else Path(name)
