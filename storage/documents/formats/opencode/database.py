"""Reading of OpenCode's database, which may be open in the program at the same time.

Nothing is written below the agent's home, and nothing holds up its writer. Only the tables of sessions, their
messages and parts are read: the database holds credentials too.
"""

import hashlib
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from storage.archive.file_state import FileStat
from storage.documents.formats.file_walk import is_regular_file
from storage.documents.formats.opencode.session_messages import COLUMNS, TABLE

Result = TypeVar("Result")

_BUSY_SECONDS = 5
_GRANULARITY_SECONDS = 0.1
_TABLES = {"session": ("id",), "message": ("id", "session_id", "data"), "part": ("message_id", "session_id", "data")}
# What programs that move, rename or archive sessions change in their rows, without the time of the row.
_TIMELESS = ("title", "directory", "parent_id", "revert", "time_archived")


class NotADatabase(OSError):
    """A file that is not a database, or is damaged."""


def read_database(path: Path, work: Callable[[sqlite3.Connection], Result]) -> Result:
    """The result of reading in one read transaction, so that all statements see one state.

    Without a write-ahead log nobody has the database open, and SQLite would create one: the file is opened as one that
    does not change. With a log but without its index, which SQLite would create beside it, a copy is read. Both are
    read again if the file changed meanwhile, and so is every database that was opened or closed meanwhile. Raises
    OSError, and NotADatabase for another or a damaged file.
    """
    while True:
        has_log = _beside(path, "-wal").exists()
        # SQLite itself keeps the state that is read.
        is_shared = has_log and _beside(path, "-shm").exists()
        before = _state(path)
        try:
            with _connection(path, has_log=has_log, is_shared=is_shared) as connection:
                result = work(connection)
        except (sqlite3.DatabaseError, OSError) as error:
            if _has_changed(path, has_log=has_log, before=None if is_shared else before):
                continue
            if isinstance(error, sqlite3.OperationalError):
                # It is locked, or cannot be opened.
                raise OSError(str(error)) from error
            if isinstance(error, sqlite3.DatabaseError):
                raise NotADatabase(str(error)) from error
            raise
        if is_shared or not _has_changed(path, has_log=has_log, before=before):
            return result


def _has_changed(path: Path, *, has_log: bool, before: FileStat | None) -> bool:
    """Whether a database was opened or closed, or its file is not as before, if that is given."""
    if _beside(path, "-wal").exists() != has_log:
        return True
    return before is not None and _state(path) != before


@contextmanager
def _connection(path: Path, *, has_log: bool, is_shared: bool) -> Iterator[sqlite3.Connection]:
    with ExitStack() as stack:
        if has_log and not is_shared:
            path = _copy(path, Path(stack.enter_context(tempfile.TemporaryDirectory())))
        options = "mode=ro" if has_log else "mode=ro&immutable=1"
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


def has_session_messages(connection: sqlite3.Connection) -> bool:
    """Whether the database has the table of the newer API, with the columns that are needed."""
    return set(COLUMNS) <= set(columns(connection, TABLE))


class SessionState(NamedTuple):
    """The rows of a session, briefly.

    `fingerprint` differs when any of them was added, changed with its time or removed, and when the session was moved,
    renamed or archived. `changed_at` is the newest of their times in seconds, None in versions without such times.
    """

    fingerprint: str
    changed_at: float | None


def session_states(connection: sqlite3.Connection) -> dict[str, SessionState]:
    """The states of all sessions by their ids."""
    tables = ["message", "part", *([TABLE] if has_session_messages(connection) else [])]
    changes = [_changes(connection, table) for table in tables]
    known = columns(connection, "session")
    names = [name if name in known else "NULL" for name in ("time_updated", *_TIMELESS)]
    rows = connection.execute(f"SELECT id, {', '.join(names)} FROM session ORDER BY id")
    return {
        session_id: _session_state(values, [table.get(session_id, _NO_ROWS) for table in changes])
        for session_id, *values in rows
        if isinstance(session_id, str)
    }


class _Changes(NamedTuple):
    """How many rows a session has in a table, and the sum of their times and the newest.

    The sum differs also when a row's new time is not the newest of all.
    """

    row_count: int
    sum_of_times: object
    newest_time: object


_NO_ROWS = _Changes(0, None, None)


def _changes(connection: sqlite3.Connection, table: str) -> Mapping[object, _Changes]:
    has_times = "time_updated" in columns(connection, table)
    times = "sum(time_updated), max(time_updated)" if has_times else "NULL, NULL"
    # In the order of the table: by the index, each row would be looked up for its time.
    statement = f"SELECT session_id, count(*), {times} FROM {table} NOT INDEXED GROUP BY session_id"
    return {session_id: _Changes(*found) for session_id, *found in connection.execute(statement)}


def _session_state(values: Sequence[object], tables: Sequence[_Changes]) -> SessionState:
    updated, *timeless = values
    digest = hashlib.blake2b(repr(timeless).encode(errors="surrogateescape"), digest_size=8).hexdigest()
    fingerprint = "-".join([str(updated), *(f"{table.row_count}.{table.sum_of_times}" for table in tables), digest])
    times = [one for one in (updated, *(table.newest_time for table in tables)) if isinstance(one, int | float)]
    return SessionState(fingerprint, max(times) / 1000 if times else None)


class DatabaseIndex:
    """The states of the sessions in databases, read again only when a file of theirs has changed."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[object, dict[str, SessionState]]] = {}

    def sessions(self, path: Path) -> dict[str, SessionState] | None:
        """The states of a database's sessions by their ids; None when it is not a database of sessions.

        Raises OSError, as for a database that is locked.
        """
        started = time.time()
        state = [_state(file) for file in (path, _beside(path, "-wal"))]
        known = self._known.get(path)
        if known is not None and known[0] == state:
            return known[1]
        try:
            found = read_database(path, lambda opened: session_states(opened) if holds_sessions(opened) else None)
        except NotADatabase:
            return None
        # A file that changes again right after this may keep its time, which has a granularity of milliseconds.
        if found is not None and last_change(path) < started - _GRANULARITY_SECONDS:
            self._known[path] = (state, found)
        return found


def last_change(path: Path) -> float:
    """When a database was last changed, in seconds. Changes may be only in its write-ahead log."""
    states = [_state(file) for file in (path, _beside(path, "-wal"))]
    return max((state.mtime_ns / 1e9 for state in states if state is not None), default=0.0)


def _state(path: Path) -> FileStat | None:
    if not is_regular_file(path):
        return None
    return FileStat.of(path.stat())
