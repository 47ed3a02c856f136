"""Writes files that are new: each appears whole and at once, for the owner alone, and never over another."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from storage.errors import StorageError


class FileExists(StorageError):
    """A file is where another was to be written."""


class UnsafePath(StorageError):
    """A path that leads out of the home."""


def place_of(home: Path, path: str) -> Path:
    """The place of a file below a home. Raises UnsafePath."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or any(part in ("..", ".") or "\\" in part or ":" in part for part in parts):
        raise UnsafePath(f"{path} is no path below the agent's home.")
    return home.joinpath(*parts)


def is_taken(place: Path) -> bool:
    """Whether a file, a folder or a link is there."""
    return os.path.lexists(place)


def write_new(place: Path, content: bytes) -> None:
    """Write a file. Raises FileExists and OSError."""
    with _new_file(place) as file:
        file.write(content)


async def copy_new(place: Path, pieces: AsyncIterator[bytes]) -> None:
    """Write a file piece by piece. Raises FileExists, OSError and what reading the pieces does."""
    with _new_file(place) as file:
        async for piece in pieces:
            file.write(piece)


@contextmanager
def _new_file(place: Path) -> Iterator[IO[bytes]]:
    if is_taken(place):
        raise FileExists(f"{place} exists.")
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Beside its place, so that it can be linked there; its mode is 0600, and no agent reads a name like this.
    descriptor, name = tempfile.mkstemp(prefix=".reprise-", suffix=".tmp", dir=place.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        try:
            # Unlike a renaming, it fails when another program was faster.
            os.link(name, place)
        except FileExistsError:
            raise FileExists(f"{place} exists.") from None
    finally:
        Path(name).unlink()
