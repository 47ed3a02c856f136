"""Damaged SQLite files: finding the damage, and rebuilding a file from the rows that can be read."""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage.database.database import Database
from storage.database.migrations import is_sqlite_file, migrate
from storage.database.tables.change import change_counter
from storage.database.tables.metadata import metadata
from storage.database.tables.resume_task import seed_gate
from storage.database.tables.search_segment import search_block, search_segment
from storage.doctor.doctor import examine
from storage.doctor.finding import Finding

_ENDINGS = ("-wal", "-shm", "")
_BATCH = 100
_MAX_ROWID = 2**62
_SINGLE_STEPS = 1_000
"""Rowids that are tried one by one in a damaged part of a table, before the steps grow."""

_REBUILT_BY_OTHERS = {search_segment.name, search_block.name, seed_gate.name, change_counter.name}
_THREAD_TABLES = ("thread_event", "thread_item", "turn", "resume_task")


class Rebuilt(NamedTuple):
    """The result of a rebuild. `lost_sessions` could not be read completely, as far as their ids are known."""

    damaged_file: Path
    session_count: int
    lost_sessions: list[str]
    findings: list[Finding]


def find_damage(path: Path) -> str | None:
    """The first damage that SQLite finds in a file, if any. Raises OSError."""
    if not is_sqlite_file(path):
        return None
    try:
        with contextlib.closing(_open(path)) as connection:
            [result] = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            return str(error)
        raise
    return None if result == "ok" else str(result).splitlines()[-1]


def rebuild(path: Path) -> Rebuilt:
    """Copy the readable rows to a new file, which takes the place of the damaged one. No process may use it meanwhile.

    The damaged file is renamed and kept. Sessions and threads that could not be read completely are left out.
    """
    path = Path(os.path.realpath(path))
    new = path.with_name(f"{path.name}.rebuilt")
    for ending in _ENDINGS:
        Path(f"{new}{ending}").unlink(missing_ok=True)
    asyncio.run(migrate(f"sqlite:///{new}"))
    session_count, lost_sessions = _copy(path, new)
    findings = asyncio.run(_rebuild_index(f"sqlite:///{new}"))
    damaged = _free_name(path)
    for ending in _ENDINGS:
        if (file := Path(f"{path}{ending}")).exists():
            file.rename(f"{damaged}{ending}")
    new.rename(path)
    return Rebuilt(damaged, session_count, lost_sessions, findings)


async def _rebuild_index(url: str) -> list[Finding]:
    async with Database(url, listens=False) as database:
        return [finding async for finding in examine(database, repair=True) if not finding.is_repaired]


def _free_name(path: Path) -> Path:
    number = 1
    while (damaged := path.with_name(f"{path.name}.damaged{number}")).exists():
        number += 1
    return damaged


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _copy(path: Path, new: Path) -> tuple[int, list[str]]:
    with (
        contextlib.closing(_open(path)) as source,
        contextlib.closing(sqlite3.connect(new, isolation_level=None)) as target,
    ):
        target.execute("BEGIN")
        for table in metadata.sorted_tables:
            if table.name not in _REBUILT_BY_OTHERS:
                _copy_table(source, target, table)
        last = max((row[1] for row in _readable_rows(source, "session_number", ["last"])), default=0)
        target.execute(
            "UPDATE session_number SET last = max(?, (SELECT coalesce(max(number), 0) FROM session))", (last,)
        )
        last = max((row[1] for row in _readable_rows(source, change_counter.name, ["last"])), default=0)
        target.execute(
            "UPDATE change_counter SET last = 1 + max(?, (SELECT coalesce(max(changed_seq), 0) FROM session), "
            "(SELECT coalesce(max(seq), 0) FROM tombstone))",
            (last,),
        )
        # Which rows were lost is not known, so that subscribers must load their lists again.
        target.execute("UPDATE change_counter SET first = last")
        lost = _delete_incomplete_sessions(target)
        _delete_incomplete_threads(target)
        _delete_incomplete_transcripts(target)
        [count] = target.execute("SELECT count(*) FROM session").fetchone()
        target.execute("COMMIT")
    return count, lost


def _copy_table(source: sqlite3.Connection, target: sqlite3.Connection, table: sa.Table) -> None:
    columns = [column.name for column in table.columns]
    names, places = ", ".join(columns), ", ".join("?" * len(columns))
    # Ignored: rows that a damaged page made equal or null.
    insert = f"INSERT OR IGNORE INTO {table.name} ({names}) VALUES ({places})"
    target.executemany(insert, (row[1:] for row in _readable_rows(source, table.name, columns)))


def _readable_rows(connection: sqlite3.Connection, table: str, columns: list[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the rowids and columns of the rows that can be read."""
    select = f"SELECT rowid, {', '.join(columns)} FROM {table} NOT INDEXED WHERE rowid > ? ORDER BY rowid LIMIT ?"
    last, size, failures = 0, _BATCH, 0
    while last < _MAX_ROWID:
        try:
            rows = connection.execute(select, (last, size)).fetchall()
        except sqlite3.DatabaseError:
            # One by one up to the damaged row, and then past it.
            if size == 1:
                failures += 1
                last += max(1, 2 ** (failures - _SINGLE_STEPS))
            size = 1
            continue
        if not rows:
            return
        yield from rows
        last, size, failures = rows[-1][0], _BATCH, 0


def _delete_incomplete_sessions(connection: sqlite3.Connection) -> list[str]:
    incomplete = """
        SELECT id FROM session
        WHERE message_count <> (SELECT count(*) FROM message WHERE session_id = session.id)
        UNION SELECT session_id FROM message WHERE session_id NOT IN (SELECT id FROM session)
    """
    ids = [id for (id,) in connection.execute(incomplete)]
    for id in ids:
        connection.execute("DELETE FROM message WHERE session_id = ?", (id,))
        connection.execute("DELETE FROM session WHERE id = ?", (id,))
        connection.execute("UPDATE thread SET session_id = NULL WHERE session_id = ?", (id,))
    return ids


def _delete_incomplete_threads(connection: sqlite3.Connection) -> None:
    connection.execute("""
        DELETE FROM thread WHERE NOT EXISTS (
            SELECT 1 FROM resume_task
            WHERE thread_id = thread.id
                AND items_written = (SELECT count(*) FROM thread_item WHERE thread_id = thread.id)
                AND turns_written = (SELECT count(*) FROM turn WHERE thread_id = thread.id)
                AND 1 + items_written + (state = 'READY')
                    = (SELECT count(*) FROM thread_event WHERE thread_id = thread.id)
        )
    """)
    for table in _THREAD_TABLES:
        connection.execute(f"DELETE FROM {table} WHERE thread_id NOT IN (SELECT id FROM thread)")
    connection.execute("UPDATE session SET thread_id = NULL WHERE thread_id NOT IN (SELECT id FROM thread)")


def _delete_incomplete_transcripts(connection: sqlite3.Connection) -> None:
    """Delete them with the states of their files, so that an import reads them again."""
    connection.execute("""
        DELETE FROM transcript
        WHERE size <> (SELECT coalesce(sum(size), 0) FROM transcript_chunk WHERE transcript_id = transcript.id)
    """)
    for table in ("transcript_chunk", "transcript_companion", "transcript_key", "transcript_file"):
        connection.execute(f"DELETE FROM {table} WHERE transcript_id NOT IN (SELECT id FROM transcript)")
