"""What storage refuses, and why. Messages are for people and hold no internals."""


class StorageError(Exception):
    """Base of all that storage raises on purpose."""


class Unavailable(StorageError):
    """The database is away or too busy; the same call may succeed later."""


class InvalidCursor(StorageError):
    """A cursor that no page of this list gave."""


class InvalidId(StorageError):
    """An id that is not `[A-Za-z0-9_-]+` of at most 200 characters once trimmed."""


class InvalidDocument(StorageError):
    """A session document that cannot be taken in. `path` names the key at fault, outermost first."""

    def __init__(self, message: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


class Unreadable(StorageError):
    """A stored session whose rows can no longer be understood."""


class UnsupportedDatabase(StorageError):
    """A database of another program, or of a version of Reprise that this one cannot read or upgrade."""


class InvalidQuery(StorageError):
    """A search query that asks for nothing, or for too much."""


class AlreadyServed(StorageError):
    """A SQLite database that another process serves or seeds."""


class ReaderEnded(StorageError):
    """A process that read documents ended in the middle, as when memory runs out."""
