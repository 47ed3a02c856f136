"""Statements that SQLite answers at once, run on the event loop instead of in a thread.

A switch to a thread and back costs as much as reading a page of sessions does, and the driver gives up Python's global
lock at each row, for which the thread then competes with the event loop.
"""

import asyncio
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage.database.compiled_select import CompiledSelect
from storage.database.engines import configure_sqlite
from storage.database.sqlite_file import SqliteFile

MOST_SECONDS = 0.005
"""How long the reads of a task may hold the event loop, from the first one to the task's next wait."""

# The longest value in bytes: the clock is not checked while a value is read.
_MOST_BYTES = 2**20
# Most requests read fewer pages.
_CACHE_PRAGMA = "PRAGMA cache_size=-8192"
# Instructions of SQLite's virtual machine between two checks of the clock: those of a few rows, since another thread
# may keep the global lock for 5 ms after each.
_INSTRUCTIONS = 100
# A statement that took too long is left to threads once, then twice as often each time, up to this.
_MOST_SKIPPED = 64


@dataclass
class _Backoff:
    """How often a statement is left to threads, and how many of these are left."""

    skipped: int
    left: int


class QuickReads:
    """A connection for reading on the event loop, opened on demand."""

    def __init__(self, file: SqliteFile, pragmas: Sequence[str]) -> None:
        self._file = file
        # A statement that has to wait for a lock is left to threads.
        self._pragmas = (*pragmas, _CACHE_PRAGMA, "PRAGMA busy_timeout=0")
        self._connection: sqlite3.Connection | None = None
        # The task that reads, until the event loop runs others, and when its reads must end.
        self._task: asyncio.Task[Any] | None = None
        self._deadline = 0.0
        # By the texts of statements that took too long.
        self._backoffs: dict[str, _Backoff] = {}

    def read(self, select: CompiledSelect[Any], values: Mapping[str, Any]) -> list[Any] | None:
        """The rows of a statement as SQLite gives them, or None when it must run in a thread.

        After an error too, which is raised there unless it was of this connection alone.
        """
        backoff = self._backoffs.get(select.text) if self._backoffs else None
        if backoff and backoff.left:
            backoff.left -= 1
            return None
        began = self._begin()
        if began > self._deadline:
            return None
        try:
            connection = self._connection or self._open()
            rows = connection.execute(select.text, select.parameters(values)).fetchall()
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", None)
            if code not in {sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_TOOBIG}:
                self.close()
            elif self._deadline - began > MOST_SECONDS / 2:
                skipped = min(backoff.skipped * 2, _MOST_SKIPPED) if backoff else 1
                self._backoffs[select.text] = _Backoff(skipped, skipped)
            return None
        if backoff:
            del self._backoffs[select.text]
        return rows

    def close(self) -> None:
        """Close the connection; the next read opens one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _begin(self) -> float:
        """The time at which a read begins. Sets the deadline when it is the first one of its task since a wait."""
        now = time.perf_counter()
        task = asyncio.current_task()
        if task is not self._task:
            if self._task is None:
                asyncio.get_running_loop().call_soon(self._end)
            self._task = task
            self._deadline = now + MOST_SECONDS
        return now

    def _end(self) -> None:
        self._task = None

    def _open(self) -> sqlite3.Connection:
        # Garbage collection may close it in another thread.
        connection = sqlite3.connect(self._file.uri(), uri=True, isolation_level=None, check_same_thread=False)
        try:
            configure_sqlite(connection, self._pragmas)
        except sqlite3.Error:
            connection.close()
            raise
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
        connection.set_progress_handler(self._is_late, _INSTRUCTIONS)
        self._connection = connection
        return connection

    def _is_late(self) -> bool:
        return time.perf_counter() > self._deadline
