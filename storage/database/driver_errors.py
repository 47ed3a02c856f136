"""Translation of the drivers' errors for a database that is not available."""

import contextlib
import sqlite3
from collections.abc import Iterator

import asyncpg
import sqlalchemy as sa

from storage.errors import Unavailable

UNAVAILABLE = "The database is not available; try again."
_SQLITE_TRANSIENT = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}


@contextlib.contextmanager
def translate_driver_errors() -> Iterator[None]:
    """Raise Unavailable in place of the drivers' transient errors."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        if error.connection_invalidated or any(map(_is_transient, _causes(error.orig))):
            raise Unavailable(UNAVAILABLE) from error
        raise
    except (asyncpg.PostgresError, sqlite3.Error) as error:
        if _is_transient(error):
            raise Unavailable(UNAVAILABLE) from error
        raise
    except (sa.exc.TimeoutError, OSError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise Unavailable(UNAVAILABLE) from error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and its causes: the error of a failed rollback hides the one before it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_transient(error: BaseException) -> bool:
    code = getattr(error, "sqlstate", None)
    if isinstance(code, str):
        # Connection failures, transaction rollbacks (deadlock, serialization), no resources, operator intervention.
        return code[:2] in {"08", "40", "53", "57"} or code == "25P03"
    # The low byte is the primary result code.
    primary_code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    # asyncpg raises InternalClientError when a connection ends between two statements.
    is_lost = isinstance(error, (OSError, asyncpg.InternalClientError))
    return is_lost or primary_code in _SQLITE_TRANSIENT or "database is locked" in str(error)
