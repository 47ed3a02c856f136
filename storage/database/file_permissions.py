"""Files and folders of a SQLite database that only their owner can read: they hold private sessions.

SQLite gives the files that it makes beside a database the permissions of the database. Permissions that an earlier
version left to the umask are taken away when the database is opened.
"""

import errno
import logging
import os
import stat
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger("reprise.database")

FOLDER_MODE = 0o700
FILE_MODE = 0o600


def create_private_folder(folder: Path) -> None:
    """Create a folder, and those above it, for their owner alone. One that exists is left as it is. Raises OSError."""
    if folder.is_dir():
        return
    create_private_folder(folder.parent)
    try:
        folder.mkdir(FOLDER_MODE)
    except FileExistsError:
        if folder.is_dir():
            # Another process was faster.
            return
        raise
    # The umask may have taken permissions from the owner.
    folder.chmod(FOLDER_MODE)


def restrict_folder(folder: Path) -> None:
    """Take all others' permissions on a folder that exists."""
    _restrict(folder, stat.S_ISDIR, FOLDER_MODE)


def create_private_file(path: Path) -> None:
    """Create an empty file if there is none. Raises OSError, also for what is there and is not a regular file."""
    try:
        # Nobody can open it before it has its mode.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    except FileExistsError:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", str(path)) from None
        return
    try:
        if os.name == "posix":
            # The umask may have taken permissions from the owner.
            os.fchmod(descriptor, FILE_MODE)
    finally:
        os.close(descriptor)


def create_private_database(database: Path) -> None:
    """Create the empty file of a database if there is none, else take others' permissions on it. Raises OSError."""
    create_private_file(_target(database))
    restrict_database(database)


def restrict_database(database: Path) -> None:
    """Take all others' permissions on the file of a database and on those that SQLite keeps beside it."""
    target = _target(database)
    for ending in ("", "-wal", "-shm", "-journal"):
        _restrict(target.with_name(target.name + ending), stat.S_ISREG, FILE_MODE)


def refuse_inaccessible_file(path: Path) -> None:
    """Raises PermissionError for a file that this process may not both read and write."""
    is_accessible = os.access(path, os.R_OK | os.W_OK, effective_ids=os.access in os.supports_effective_ids)
    if not is_accessible:
        raise PermissionError(errno.EACCES, "No permission to read and write", str(path))


def _target(database: Path) -> Path:
    """Where links lead, which SQLite follows too: it puts its files beside that."""
    return Path(os.path.realpath(database))


def _restrict(path: Path, is_right_kind: Callable[[int], bool], most: int) -> None:
    try:
        # By its path: to open and close it would drop the locks that SQLite holds on it in this process.
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    permissions = stat.S_IMODE(mode)
    # A link beside the database is not followed: its target may be anything of the owner's.
    if os.name != "posix" or not is_right_kind(mode) or not permissions & 0o077:
        return
    fields = {"path": str(path), "permissions": f"{permissions:04o}"}
    try:
        path.chmod(permissions & most)
    except OSError as error:
        log.warning(
            "cannot remove other users' access to the data",
            extra={**fields, "reason": error.strerror},
        )
    else:
        log.info("removed other users' access to the data", extra=fields)
