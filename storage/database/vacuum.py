"""Rewriting of a database without the deleted rows, which both databases otherwise leave in their files."""

import asyncio
import contextlib
import sqlite3

from storage.database.database import Database
from storage.database.driver_errors import UNAVAILABLE, translate_driver_errors
from storage.database.tables.metadata import metadata
from storage.errors import Unavailable


async def vacuum(database: Database) -> None:
    """Rewrite all tables without deleted rows. They are locked meanwhile. Raises Unavailable."""
    with translate_driver_errors():
        if database.is_sqlite:
            await asyncio.to_thread(_vacuum_sqlite, str(database.url.database))
        else:
            await _vacuum_postgresql(database)


def _vacuum_sqlite(path: str) -> None:
    with contextlib.closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
        # The pages that the smaller file no longer needs are overwritten before it is truncated.
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA temp_store=FILE")
        connection.execute("VACUUM")
        [is_busy, *_] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if is_busy:
        raise Unavailable(UNAVAILABLE) from sqlite3.OperationalError("database is locked")


async def _vacuum_postgresql(database: Database) -> None:
    # Imported only for PostgreSQL, see that module.
    from storage.database.postgresql import PostgresqlHosts

    connection = await PostgresqlHosts(database.url).connect()
    warnings: list[str] = []
    connection.add_log_listener(lambda _, message: warnings.append(str(message.message)))
    try:
        await connection.execute("SET statement_timeout = 0")
        for name in sorted(metadata.tables):
            # The plain form leaves deleted rows in the pages. ANALYZE replaces the sample values of the statistics.
            await connection.execute(f'VACUUM (FULL, ANALYZE) "{name}"')
            if warnings:
                # PostgreSQL skips a table of another owner with a warning.
                raise Unavailable(UNAVAILABLE) from PermissionError(warnings[0])
    finally:
        await connection.close()
