"""Opening of aiosqlite's connections."""

import asyncio

import aiosqlite

from storage.database.sqlite_file import SqliteFile


async def open_sqlite(file: SqliteFile) -> aiosqlite.Connection:
    """Open a connection in autocommit mode, which is closed if the caller is cancelled meanwhile.

    Raises OSError if the file is not as it was, and sqlite3.Error.
    """
    connection = aiosqlite.connect(file.uri(), uri=True, isolation_level=None)
    # As SQLAlchemy does: a connection that nobody closed keeps no process from ending.
    connection._thread.daemon = True
    # aiosqlite 0.22 leaves the file open when connecting is cancelled, until the garbage is collected (its issue 259).
    opening = asyncio.ensure_future(connection)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close)
        raise


def _close(opening: asyncio.Future[aiosqlite.Connection]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().stop()
