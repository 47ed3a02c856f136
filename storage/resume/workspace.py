"""The default task type of a session, guessed from the files in its working directory."""

import os
from collections.abc import Iterator
from pathlib import Path

CODE = "CODE"
OFFICE = "OFFICE"

_BUILD_FILES = {
    "Cargo.toml",
    "package.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "go.mod",
    "pyproject.toml",
    "requirements.txt",
    ".git",
}
_SKIPPED = {"node_modules", "target", "dist", ".git"}
_CODE_ENDINGS = tuple(".rs .ts .tsx .js .jsx .py .go .java .kt .c .cpp .h .hpp .cs .rb .php .swift .toml".split())
_DEPTH = 2
_MOST_ENTRIES = 5_000


def default_task_type(workspace: str) -> str:
    """Return CODE for a directory with source code or a build file, else OFFICE. Never raises.

    Blocks while it reads at most 5,000 directory entries.
    """
    if not Path(workspace).is_absolute() or "\0" in workspace:
        return OFFICE
    is_code = any(
        (depth == 0 and entry.name in _BUILD_FILES) or (entry.name.endswith(_CODE_ENDINGS) and _is_file(entry))
        for depth, entry in _entries(workspace)
    )
    return CODE if is_code else OFFICE


def _entries(workspace: str) -> Iterator[tuple[int, os.DirEntry[str]]]:
    """Yield depth and entry breadth first, so that the limit cuts off the deepest entries."""
    folders, seen = [(0, workspace)], 0
    while folders:
        depth, folder = folders.pop(0)
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    seen += 1
                    if seen > _MOST_ENTRIES:
                        return
                    yield depth, entry
                    if depth < _DEPTH and entry.name not in _SKIPPED and _is_folder(entry):
                        folders.append((depth + 1, entry.path))
        except OSError:
            continue


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False
