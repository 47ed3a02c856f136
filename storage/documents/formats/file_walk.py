"""Walks below an agent's home, which follow no links and pass over everything but regular files."""

import os
from collections.abc import Iterator
from pathlib import Path


def regular_files(folder: Path, depth: int) -> Iterator[Path]:
    """The regular files in a folder and in `depth` levels of folders below it, sorted. Missing folders are empty."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in found:
        if entry.is_file(follow_symlinks=False):
            yield Path(entry.path)
        elif depth > 0 and entry.is_dir(follow_symlinks=False):
            yield from regular_files(Path(entry.path), depth - 1)


def is_regular_file(path: Path) -> bool:
    """Whether there is a regular file at the path, not a link to one."""
    return path.is_file() and not path.is_symlink()


def expanded(name: str, user_home: Path) -> Path:
    """A path from an environment variable, in which `~` is the user's home."""
    return user_home / name[1:].lstrip("/\\") if name == "~" or name.startswith(("~/", "~\\")) else Path(name)
