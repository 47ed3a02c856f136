"""Schema migrations: Alembic revisions in `versions/`, run by `migrate`.

Processes of an older version keep working, and may restart, while a newer version migrates, as long as its revisions
only add tables, indexes and optional columns. A revision that does anything else changes the first two digits of the
revision number. A revision that alters several tables begins with resume_task, in the order in which the seeder locks
them, to avoid deadlocks.
"""

import contextlib
import sqlite3
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection

from storage.database.database import Database
from storage.database.driver_errors import translate_driver_errors
from storage.database.engines import driver_url
from storage.database.file_permissions import create_private_database, refuse_inaccessible_file
from storage.database.revisions import known_revisions, newest_revision
from storage.errors import UnsupportedDatabase

_SQLITE_MAGIC = b"SQLite format 3\0"
_LOCK = "reprise_migration_lock"
# Creating an index of a large table, or waiting for another process that does, may take longer than a role is given.
_WITHOUT_TIMEOUTS = sa.text(
    "SELECT set_config(name, '0', true) FROM pg_settings"
    " WHERE name IN ('statement_timeout', 'lock_timeout', 'transaction_timeout')"
)


async def migrate(url: str) -> None:
    """Run the missing revisions; processes that call this at the same time run them once.

    Raises UnsupportedDatabase, without changing anything, for a database of another program or of another version of
    Reprise, unless that version is newer and has only added to it; OSError for a file that cannot be opened or created.
    """
    parsed = driver_url(url)
    revision = refuse_unsupported_file(parsed)
    if parsed.drivername.startswith("sqlite"):
        create_private_database(Path(str(parsed.database)))
    if revision == newest_revision():
        # Nearly always so, and reading the file takes less time than an engine and its first transaction.
        return
    async with Database(url, listens=False) as database, database.write() as transaction:
        await transaction.connection.run_sync(_upgrade)


async def is_current(database: Database) -> bool:
    """Whether this version can use the database without a migration. Raises Unavailable."""
    database.check_file()
    async with database.snapshot() as snapshot:
        revision = await snapshot.connection.run_sync(_current_revision)
    return revision == newest_revision() or _has_only_added(revision)


def _has_only_added(revision: str | None) -> bool:
    """Whether `revision` belongs to a newer version that has only added to the schema."""
    return revision is not None and revision > newest_revision() and revision[:2] == newest_revision()[:2]


def _current_revision(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        _refuse_other_encodings(connection)
        connection.execute(_WITHOUT_TIMEOUTS)
        # Databases that are compatible with PostgreSQL have table locks, but not always advisory locks. CREATE TABLE IF
        # NOT EXISTS is not atomic: of two at the same time, one fails because the type or the table exists.
        with contextlib.suppress(sa.exc.IntegrityError, sa.exc.ProgrammingError), connection.begin_nested():
            connection.execute(sa.text(f"CREATE TABLE IF NOT EXISTS {_LOCK} (id int PRIMARY KEY)"))
        connection.execute(sa.text(f"LOCK TABLE {_LOCK} IN ACCESS EXCLUSIVE MODE"))
    revision = _current_revision(connection)
    if revision == newest_revision() or _has_only_added(revision):
        return
    _refuse_unknown(revision)
    if revision is None and sa.inspect(connection).has_table("session"):
        raise UnsupportedDatabase("The database has a table named session that Reprise did not create.")
    # Imported here, since loading Alembic takes a fifth of the start-up time.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _refuse_other_encodings(connection: Connection) -> None:
    """Sessions have characters of any script, and PostgreSQL counts and changes texts by its own encoding."""
    encoding = connection.execute(sa.text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise UnsupportedDatabase(
            f"The database has the encoding {encoding}, and Reprise needs UTF8. Create it by"
            " CREATE DATABASE ... TEMPLATE template0 ENCODING 'UTF8'."
        )


def refuse_unsupported_file(url: URL) -> str | None:
    """Check a SQLite file before it is opened for writing, and return its revision.

    None for a file that is missing or empty, and for PostgreSQL. Raises UnsupportedDatabase, DamagedDatabase and
    PermissionError.
    """
    if not url.drivername.startswith("sqlite") or not Path(str(url.database)).is_file():
        return None
    path = Path(str(url.database))
    refuse_inaccessible_file(path)
    if path.stat().st_size == 0:
        return None
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "alembic_version" not in tables:
                if tables:
                    raise UnsupportedDatabase(f"{path.name} is a SQLite database of another program.")
                return None
            stored: str | None = None
            for (stored,) in connection.execute("SELECT version_num FROM alembic_version"):
                _refuse_unknown(stored)
            return stored
    except sqlite3.DatabaseError as error:
        if is_sqlite_file(path):
            with translate_driver_errors():
                raise
        raise UnsupportedDatabase(f"{path.name} is not a SQLite database.") from error


def is_sqlite_file(path: Path) -> bool:
    """Whether a file begins as those of SQLite do. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC


def _refuse_unknown(revision: str | None) -> None:
    if revision is None or revision in known_revisions():
        return
    if revision > newest_revision():
        raise UnsupportedDatabase("The database was written by a newer version of Reprise; update Reprise to open it.")
    raise UnsupportedDatabase(
        "The database was written by an earlier version of Reprise, and this one cannot upgrade it. Export its sessions"
        " with that version (reprise export ID...), then import the files into a new database with this one."
    )
