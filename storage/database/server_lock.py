"""The lock that allows one serving process for a SQLite file, since the bus does not reach other processes there."""

import contextlib
import os
import sqlite3
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from storage.database.engines import driver_url
from storage.database.file_permissions import (
    create_private_database,
    create_private_file,
    create_private_folder,
    refuse_inaccessible_file,
    restrict_database,
)
from storage.database.migrations import refuse_unsupported_file
from storage.errors import AlreadyServed, DamagedDatabase

# Far beyond the bytes that SQLite locks or writes.
_LOCKED_BYTE = 2**62


@contextlib.contextmanager
def hold_server_lock(url: str) -> Iterator[None]:
    """Hold the lock of the process that serves or seeds a SQLite database.

    Raises AlreadyServed, OSError, and UnsupportedDatabase for a file that is not Reprise's, which is left as it is.

    It is SQLite's own lock on a file beside the database, which every operating system releases when its owner ends,
    and on Linux also a lock on the database itself, for servers that open it by a hard link in another folder.
    PostgreSQL databases have no such lock.
    """
    parsed = driver_url(url)
    if not parsed.drivername.startswith("sqlite"):
        yield
        return
    # A rebuild of a damaged file takes the lock, too.
    with contextlib.suppress(DamagedDatabase):
        refuse_unsupported_file(parsed)
    # The real path, so that a server that opens the database by a symbolic link finds the same lock.
    path = Path(os.path.realpath(str(parsed.database)) + ".serving")
    create_private_folder(path.parent)
    create_private_file(path)
    restrict_database(path)
    refuse_inaccessible_file(path)
    refusal = AlreadyServed(
        f"Another process serves or seeds {parsed.database}. SQLite is for one serving process; "
        "use PostgreSQL for more."
    )
    with contextlib.closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise refusal from None
        with _lock_inode(Path(str(parsed.database)), refusal):
            yield


if sys.platform == "linux":
    import fcntl

    @contextlib.contextmanager
    def _lock_inode(database: Path, refusal: AlreadyServed) -> Iterator[None]:
        """Lock a byte of the database that SQLite does not use. Raises `refusal` if another process has locked it."""
        create_private_database(database)
        descriptor = os.open(database, os.O_RDWR | os.O_CLOEXEC)
        try:
            # A lock of this descriptor: one of the process would end when SQLite closes any descriptor of the file.
            wanted = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, _LOCKED_BYTE, 1, 0)
            try:
                fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, wanted)
            except BlockingIOError:
                raise refusal from None
            yield
        finally:
            os.close(descriptor)

else:

    @contextlib.contextmanager
    def _lock_inode(_: Path, __: AlreadyServed) -> Iterator[None]:
        """Does nothing: other systems have no locks of descriptors that agree with SQLite's."""
        yield
