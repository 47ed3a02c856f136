"""The file of a SQLite database while it is open."""

import errno
from pathlib import Path

from storage.database.file_permissions import refuse_inaccessible_file


class SqliteFile:
    """A file that must exist, and must not be moved or replaced after it was first opened.

    SQLite would keep using a file that was moved away, and open its successor beside it.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path).absolute()
        self._identity: tuple[int, int] | None = None

    def check(self) -> None:
        """Raises OSError for a file that is missing, was replaced or cannot be read and written."""
        if not self._path.is_file():
            raise FileNotFoundError(errno.ENOENT, "No such file", str(self._path))
        refuse_inaccessible_file(self._path)
        status = self._path.stat()
        identity = (status.st_dev, status.st_ino)
        self._identity = self._identity or identity
        if identity != self._identity:
            raise OSError(errno.ESTALE, "Replaced by another file since it was opened", str(self._path))

    def uri(self) -> str:
        """A URI by which SQLite opens the file and creates none: only a migration does, and makes it private.

        Raises OSError as `check` does: after SQLite's own error, a thread of aiosqlite would outlive the event loop.
        """
        self.check()
        return f"{self._path.as_uri()}?mode=rw"
