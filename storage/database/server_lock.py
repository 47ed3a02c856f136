"""One serving process for a SQLite file: its processes cannot tell each other what changed."""

import contextlib
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
    """Be the one process that serves or seeds a SQLite database, until the block ends.

    Raises AlreadyServed and OSError.

    The hold is SQLite's own lock on a file beside the database, which every system frees when its owner dies. Other
    databases are served by any number.
    """
    parsed = driver_url(url)
    if not parsed.drivername.startswith("sqlite"):
        yield
        return
    path = Path(f"{parsed.database}.serving")
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
