"""The lock that allows one serving process for a SQLite file, since the bus does not reach other processes there."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from storage.database.engines import driver_url
from storage.database.file_permissions import (
    create_private_file,
    create_private_folder,
    refuse_inaccessible_file,
    restrict_database,
)
from storage.errors import AlreadyServed


@contextlib.contextmanager
def hold_server_lock(url: str) -> Iterator[None]:
    """Hold the lock of the process that serves or seeds a SQLite database. Raises AlreadyServed and OSError.

    It is SQLite's own lock on a file beside the database, which every operating system releases when its owner ends.
    PostgreSQL databases have no such lock.
    """
    parsed = driver_url(url)
    if not parsed.drivername.startswith("sqlite"):
        yield
        return
    # The real path, so that a server that opens the database by a symbolic link finds the same lock.
    path = Path(os.path.realpath(str(parsed.database)) + ".serving")
    create_private_folder(path.parent)
    create_private_file(path)
    restrict_database(path)
    refuse_inaccessible_file(path)
    with contextlib.closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise AlreadyServed(
                f"Another process serves or seeds {parsed.database}. SQLite is for one serving process; "
                "use PostgreSQL for more."
            ) from None
        yield
