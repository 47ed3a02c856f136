"""Reading of OpenCode's database, which may be open in the program at the same time.

Nothing is written below the agent's home, and nothing holds up its writer. Only the tables of sessions, messages and
parts are read: the database holds credentials too.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from storage.documents.formats.file_walk import is_regular_file

Result = TypeVar("Result")

_BUSY_SECONDS = 5
_TABLES = {"session": ("id",), "message": ("id", "session_id", "data"), "part": ("message_id", "session_id", "data")}


class NotADatabase(OSError):
    """A file that is not a database, or is damaged."""


def read_database(path: Path, work: Callable[[sqlite3.Connection], Result]) -> Result:
    """The result of reading in one read transaction, so that all statements see one state.

    Without a write-ahead log nobody has the database open, and SQLite would create one: the file is opened as one that
    does not change, and read again if it did. With a log but without its index, which SQLite would create beside it, a
    copy is read. Raises OSError, and NotADatabase for another or a damaged file.
    """
    while True:
        is_closed = not _beside(path, "-wal").exists()
        before = _state(path)
        try:
            with _connection(path, is_closed) as connection:
                result = work(connection)
        except sqlite3.DatabaseError as error:
            if is_closed and _has_changed(path, before):
                continue
            if isinstance(error, sqlite3.OperationalError):
                # It is locked, or cannot be opened.
                raise OSError(f"{path}: {error}") from error
            raise NotADatabase(f"{path}: {error}") from error
        if not is_closed or not _has_changed(path, before):
            return result


def _has_changed(path: Path, before: object) -> bool:
    return _beside(path, "-wal").exists() or _state(path) != before


@contextmanager
def _connection(path: Path, is_closed: bool) -> Iterator[sqlite3.Connection]:
    with ExitStack() as stack:
        if not is_closed and not _beside(path, "-shm").exists():
            path = _copy(path, Path(stack.enter_context(tempfile.TemporaryDirectory())))
        options = "mode=ro&immutable=1" if is_closed else "mode=ro"
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?{options}", uri=True, timeout=_BUSY_SECONDS, isolation_level=None
        )
        stack.callback(connection.close)
        connection.text_factory = _decode
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        yield connection


def _decode(data: bytes) -> str:
    return data.decode(errors="replace")


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _copy(path: Path, folder: Path) -> Path:
    for file in (path, _beside(path, "-wal")):
        shutil.copyfile(file, folder / file.name)
    return folder / path.name


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """The names of a table's columns, which come and go with versions; none when there is no such table."""
    return [row["name"] for row in connection.execute(f"PRAGMA table_info({table})")]


def holds_sessions(connection: sqlite3.Connection) -> bool:
    """Whether the database has the tables and columns that are needed."""
    return all(set(needed) <= set(columns(connection, table)) for table, needed in _TABLES.items())


def fingerprints(connection: sqlite3.Connection) -> dict[str, str]:
    """For each session a text that differs when any of its rows was added, changed or removed.

    The sum of the times differs also when a row's new time is not the latest of all.
    """
    changes = {table: _changes(connection, table) for table in ("message", "part")}
    updated = "time_updated" if "time_updated" in columns(connection, "session") else "0"
    rows = connection.execute(f"SELECT id, {updated} FROM session ORDER BY id")
    return {
        session_id: "-".join(map(str, (time, *(changes[table].get(session_id, "0") for table in changes))))
        for session_id, time in rows
        if isinstance(session_id, str)
    }


def _changes(connection: sqlite3.Connection, table: str) -> dict[object, str]:
    updated = "sum(time_updated)" if "time_updated" in columns(connection, table) else "0"
    # In the order of the table: by the index, each row would be looked up for its time.
    statement = f"SELECT session_id, count(*), {updated} FROM {table} NOT INDEXED GROUP BY session_id"
    return {session_id: f"{count}.{time}" for session_id, count, time in connection.execute(statement)}


class DatabaseIndex:
    """The fingerprints of databases, read again only when a file of theirs has changed."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[object, dict[str, str]]] = {}

    def sessions(self, path: Path) -> dict[str, str] | None:
        """The fingerprints of a database's sessions by their ids; None when it is not a database of sessions."""
        state = [_state(file) for file in (path, _beside(path, "-wal"))]
        known = self._known.get(path)
        if known is not None and known[0] == state:
            return known[1]
        try:
            found = read_database(path, lambda opened: fingerprints(opened) if holds_sessions(opened) else None)
        except NotADatabase:
            return None
        if found is not None:
            self._known[path] = (state, found)
        return found


def _state(path: Path) -> tuple[int, int, int] | None:
    if not is_regular_file(path):
        return None
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns
