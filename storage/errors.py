"""The exceptions that storage raises. Their messages are shown to users and contain no internals."""


class StorageError(Exception):
    """Base of the exceptions of storage."""


class Unavailable(StorageError):
    """The database is not available or too busy; the same call may succeed later."""


class TooLarge(StorageError):
    """Rows that hold more text than the caller allows."""


class InvalidCursor(StorageError):
    """A cursor that is malformed or belongs to another list."""


class InvalidId(StorageError):
    """An id that does not match `[A-Za-z0-9_-]{1,200}` without surrounding white space."""


class UnknownSessions(StorageError):
    """Sessions that are not stored, by their `ids`."""

    def __init__(self, ids: frozenset[str]) -> None:
        super().__init__("There are no sessions with these ids.")
        self.ids = ids


class InvalidDocument(StorageError):
    """A session document that cannot be imported. `path` leads to the key at fault, outermost first."""

    def __init__(self, message: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


class Unreadable(StorageError):
    """A stored session whose rows cannot be parsed."""


class UnsupportedDatabase(StorageError):
    """A database of another program, or of a version of Reprise that this one cannot read or upgrade."""


class DamagedDatabase(StorageError):
    """A SQLite file whose pages contradict each other or cannot be read."""


class InvalidInterval(StorageError):
    """A time zone that does not exist, or intervals that are too many."""


class InvalidQuery(StorageError):
    """A search query without search terms, or with too many."""


class AlreadyServed(StorageError):
    """A SQLite database that another process already serves or seeds."""


class ReaderEnded(StorageError):
    """A worker process that parses documents was killed, for instance when memory ran out."""


class AmbiguousId(Exception):
    """The given beginning of an id fits several sessions."""
