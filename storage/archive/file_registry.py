"""The registry of files: the state of each file when it was last read, so that looking for changes costs a `stat`."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from storage.archive.file_state import NO_TRANSCRIPT, FileKey, FileStat, FileState
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.tables.transcript import transcript, transcript_file
from storage.database.transaction import DatabaseConnection, Transaction

_COLUMNS = (
    *("path", "name", "source", "transcript_id", "is_companion", "device", "inode", "size", "mtime_ns"),
    *("taken", "head_hash", "tail_hash", "fingerprint"),
)


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
    """Write the states of files in place of their earlier ones."""
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


async def point_files_to(transaction: Transaction, ids: Sequence[int], transcript_id: int) -> None:
    """Register the files of transcripts that were merged into another one as its files."""
    await transaction.execute(
        sa.update(transcript_file)
        .where(is_any_of(transcript_file.c.transcript_id, "ids", list(ids)))
        .values(transcript_id=transcript_id)
    )


async def paths_of(connection: DatabaseConnection, transcript_ids: Sequence[int]) -> dict[int, list[bytes]]:
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
