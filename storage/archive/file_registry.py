"""The registry of files: what is known of each that was read, by which a second look costs one `stat`."""

import hashlib
import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.tables import transcript, transcript_file
from storage.database.transaction import Connection, Transaction

NO_TRANSCRIPT = 0
"""An id that no transcript has."""

SAMPLE_BYTES = 4096
"""Bytes at either end of what was taken that are hashed."""

# Ids of devices and files are unsigned, the database's integers are not.
_SIGNED = 2**63 - 1


class FileStat(NamedTuple):
    """What a `stat` tells of a file."""

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
    """A file as it was read last, see `storage.database.tables.TranscriptFile`."""

    transcript_id: int
    is_companion: bool
    stat: FileStat
    taken: int = 0
    head_hash: bytes = b""
    tail_hash: bytes = b""
    fingerprint: str = ""


_COLUMNS = (
    *("path", "name", "source", "transcript_id", "is_companion", "device", "inode", "size", "mtime_ns"),
    *("taken", "head_hash", "tail_hash", "fingerprint"),
)


def sample_hashes(read: Callable[[int, int], bytes], taken: int) -> tuple[bytes, bytes]:
    """The hashes of the first and of the last bytes among those that were taken."""
    count = min(SAMPLE_BYTES, taken)
    return _hash(read(0, count)), _hash(read(taken - count, count))


def _hash(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


async def read_registry(
    database: Database, source: str, paths: Collection[bytes] | None = None
) -> dict[FileKey, FileState]:
    """The files of an agent, all or those at some paths; those whose session was deleted have `NO_TRANSCRIPT`.

    Raises Unavailable.
    """
    columns = [transcript_file.c[name] for name in _COLUMNS if name not in ("source", "transcript_id")]
    statement = (
        sa.select(sa.func.coalesce(transcript.c.id, NO_TRANSCRIPT), *columns)
        .join_from(transcript_file, transcript, transcript.c.id == transcript_file.c.transcript_id, isouter=True)
        .where(transcript_file.c.source == source)
    )
    if paths is not None:
        statement = statement.where(transcript_file.c.path.in_(paths))
    async with database.snapshot() as connection:
        rows = (await connection.execute(statement)).all()
    return {
        FileKey(path, name): FileState(id, is_companion, FileStat(*numbers), taken, head, tail, fingerprint)
        for id, path, name, is_companion, *numbers, taken, head, tail, fingerprint in rows
    }


async def write_registry(transaction: Transaction, source: str, files: Sequence[tuple[FileKey, FileState]]) -> None:
    """Write the states of files over those before."""
    if files:
        await transaction.execute(_delete, [{"own_path": key.path, "own_name": key.name} for key, _ in files])
    await transaction.insert(
        transcript_file,
        _COLUMNS,
        [(*key, source, state.transcript_id, state.is_companion, *state.stat, *state[3:]) for key, state in files],
    )


_delete = sa.delete(transcript_file).where(
    transcript_file.c.path == sa.bindparam("own_path"), transcript_file.c.name == sa.bindparam("own_name")
)


async def paths_of(connection: Connection, transcript_ids: Sequence[int]) -> dict[int, list[bytes]]:
    """The paths at which transcripts were read, by the transcripts' ids."""
    rows = await connection.execute(
        sa.select(transcript_file.c.transcript_id, transcript_file.c.path).where(
            is_any_of(transcript_file.c.transcript_id, "ids", list(transcript_ids)), ~transcript_file.c.is_companion
        )
    )
    paths: dict[int, list[bytes]] = {}
    for row in rows:
        paths.setdefault(row.transcript_id, []).append(row.path)
    return paths
