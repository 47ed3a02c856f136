"""The states of files that were read: the rows of the registry of files, without any database."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

NO_TRANSCRIPT = 0
"""An id that no transcript has."""

SAMPLE_BYTES = 4096
"""Bytes that are hashed at each end of what was taken."""

# Ids of devices and files are unsigned, the database's integers are not.
_SIGNED = 2**63 - 1


class FileStat(NamedTuple):
    """The values of a file's `stat` that tell whether it has changed."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> "FileStat":
        """The part of a `stat` that is compared."""
        return cls(found.st_dev & _SIGNED, found.st_ino & _SIGNED, found.st_size, found.st_mtime_ns)


NO_STAT = FileStat(0, 0, 0, 0)


class FileKey(NamedTuple):
    """The path of a file, and the name of the transcript or companion that it holds."""

    path: bytes
    name: str

    @classmethod
    def of(cls, path: Path, name: str) -> "FileKey":
        """The key of a file; paths need not be valid Unicode."""
        return cls(os.fsencode(path.absolute()), name)


class FileState(NamedTuple):
    """A file as it was read last, see `storage.database.tables.transcript.TranscriptFile`."""

    transcript_id: int
    is_companion: bool
    stat: FileStat
    taken: int = 0
    head_hash: bytes = b""
    tail_hash: bytes = b""
    fingerprint: str = ""


def sample_hashes(read: Callable[[int, int], bytes], taken: int) -> tuple[bytes, bytes]:
    """The hashes of the first and of the last bytes among those that were taken."""
    count = min(SAMPLE_BYTES, taken)
    return _hash(read(0, count)), _hash(read(taken - count, count))


def _hash(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()
