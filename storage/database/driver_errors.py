"""Translation of the drivers' errors for a database that is not available."""

import contextlib
import logging
import sqlite3
import sys
from collections.abc import Iterator

import sqlalchemy as sa

from storage.errors import DamagedDatabase, Unavailable

log = logging.getLogger("reprise.database")

UNAVAILABLE = "The database is not available; try again."
# SQLSTATE classes: connection failures, refused roles, transaction rollbacks (deadlock, serialization), missing
# databases and schemas, lack of resources, operator intervention.
_TRANSIENT_CLASSES = {"08", "28", "3D", "3F", "40", "53", "57"}
# A transaction that was idle for too long, one on a standby, a role without privileges, and a lock that another
# transaction held for longer than lock_timeout.
_TRANSIENT_SQLSTATES = {"25P03", "25006", "42501", "55P03"}
_DISK_FULL_SQLSTATE = "53100"
_SQLITE_TRANSIENT = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}


@contextlib.contextmanager
def translate_driver_errors() -> Iterator[None]:
    """Raise Unavailable in place of the drivers' transient errors, and DamagedDatabase for a damaged SQLite file."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        _raise_if_damaged(error.orig)
        if error.connection_invalidated or any(map(_is_transient, _causes(error.orig))):
            raise Unavailable(UNAVAILABLE) from error
        raise
    except _statement_errors() as error:
        _raise_if_damaged(error)
        if _is_transient(error):
            raise Unavailable(UNAVAILABLE) from error
        raise
    except _connection_errors() as error:
        raise Unavailable(UNAVAILABLE) from error


def _asyncpg_errors(*names: str) -> tuple[type[BaseException], ...]:
    """The driver's classes of these names, or none while it is not imported: then none of its errors was raised."""
    asyncpg = sys.modules.get("asyncpg")
    return tuple(getattr(asyncpg, name) for name in names) if asyncpg else ()


def _statement_errors() -> tuple[type[BaseException], ...]:
    return (*_asyncpg_errors("PostgresError"), sqlite3.Error)


def _connection_errors() -> tuple[type[BaseException], ...]:
    return (sa.exc.TimeoutError, OSError, *_asyncpg_errors("InterfaceError", "InternalClientError"))


def _raise_if_damaged(error: BaseException | None) -> None:
    for cause in _causes(error):
        if getattr(cause, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise DamagedDatabase(f"The database file is damaged ({cause}); run `reprise doctor`.") from error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and its causes: the error of a failed rollback hides the one before it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_transient(error: BaseException) -> bool:
    if _is_disk_full(error):
        log.error("The disk of the database is full: %s", error)
    code = getattr(error, "sqlstate", None)
    if isinstance(code, str):
        return code[:2] in _TRANSIENT_CLASSES or code in _TRANSIENT_SQLSTATES
    # The low byte is the primary result code.
    primary_code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    # asyncpg raises InternalClientError when a connection ends between two statements.
    is_lost = isinstance(error, (OSError, *_asyncpg_errors("InternalClientError")))
    return is_lost or primary_code in _SQLITE_TRANSIENT or "database is locked" in str(error)


def _is_disk_full(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code == sqlite3.SQLITE_FULL or getattr(error, "sqlstate", None) == _DISK_FULL_SQLSTATE
