"""Bringing a database to the form that this version reads: Alembic revisions in `versions/`, run by `migrate`.

Processes of an older version go on while a newer one migrates, and start again beside it, as long as that only adds:
tables, indexes, columns that may be left out. A revision that does more has other first two digits than the one before.
One that alters tables begins with resume_task, as seeding does: else each might wait for the other.
"""

import contextlib
import functools
import sqlite3
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection

from storage.database.database import Database
from storage.database.engines import driver_url
from storage.errors import NewerDatabase

_LOCK = "reprise_migration_lock"


async def migrate(url: str) -> None:
    """Run what is missing, once however many processes ask at the same time.

    Raises NewerDatabase, having touched nothing, for a database of a newer version or of something else; but not for
    one on PostgreSQL to which a newer version has only added.
    """
    refuse_newer_file(driver_url(url))
    async with Database(url) as database, database.write() as transaction:
        await transaction.connection.run_sync(_upgrade)


async def is_current(database: Database) -> bool:
    """Whether the database is at the newest revision, or a newer version has only added to it. Raises Unavailable."""
    async with database.read() as connection:
        revision = await connection.run_sync(_current_revision)
    return revision == _head() or _has_only_added(revision)


@functools.cache
def _revisions() -> frozenset[str]:
    """All that this version has, by the names of their files, which begin with them."""
    return frozenset(path.name[:4] for path in Path(__file__).parent.glob("versions/[0-9]*.py"))


def _head() -> str:
    return max(_revisions())


def _has_only_added(revision: str | None) -> bool:
    """Whether `revision` is a newer version's and this one can go on with what it left."""
    return revision is not None and revision > _head() and revision[:2] == _head()[:2]


def _current_revision(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # A table lock and not an advisory one: every PostgreSQL-like database has it. Where two create the table at
        # a time, one is told that there is such a type, or such a table; IF NOT EXISTS looks only once.
        with contextlib.suppress(sa.exc.IntegrityError, sa.exc.ProgrammingError), connection.begin_nested():
            connection.execute(sa.text(f"CREATE TABLE IF NOT EXISTS {_LOCK} (id int PRIMARY KEY)"))
        connection.execute(sa.text(f"LOCK TABLE {_LOCK} IN ACCESS EXCLUSIVE MODE"))
    revision = _current_revision(connection)
    if revision == _head() or _has_only_added(revision):
        return
    _refuse_unknown(revision)
    if revision is None and sa.inspect(connection).has_table("session"):
        raise NewerDatabase("The database holds a table named session that is not Reprise's.")
    # Here, since to load it is a fifth of what a process does before it serves.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def refuse_newer_file(url: URL) -> None:
    """Look at a SQLite file before anything opens it for writing. Raises NewerDatabase."""
    if not url.drivername.startswith("sqlite") or not Path(str(url.database)).is_file():
        return
    path = Path(str(url.database))
    if path.stat().st_size == 0:
        return
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "alembic_version" not in tables:
                if tables:
                    raise NewerDatabase(f"{path.name} is a SQLite database of another program.")
                return
            for (revision,) in connection.execute("SELECT version_num FROM alembic_version"):
                _refuse_unknown(revision)
    except sqlite3.DatabaseError:
        raise NewerDatabase(f"{path.name} is not a SQLite database.") from None


def _refuse_unknown(revision: str | None) -> None:
    if revision is not None and revision not in _revisions():
        raise NewerDatabase("The database was written by a newer version of Reprise; update Reprise to open it.")
