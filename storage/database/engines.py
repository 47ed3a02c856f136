"""Engines of both kinds, and how connections are set up."""

import asyncio
import errno
import socket
from pathlib import Path
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

POOL_SIZE = 8
_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",
    "PRAGMA cache_size=-32768",
    "PRAGMA temp_store=MEMORY",
)
SERVER_SETTINGS = {
    "application_name": "reprise",
    "idle_in_transaction_session_timeout": "5000",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "jit": "off",
}
_CONNECT_SECONDS = 5
# What the server is asked to do about us, we do about it; the last is in milliseconds.
_SOCKET_OPTIONS = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 25_000}
READING = {"reprise_reading": True}
VIEWING = {"reprise_viewing": True}


def driver_url(url: str) -> URL:
    """`sqlite:///PATH` or `postgresql://...` with the driver added. Raises ValueError for any other kind."""
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError:
        raise ValueError("must look like sqlite:///PATH or postgresql://USER@HOST/NAME") from None
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise ValueError("must begin with sqlite:/// or postgresql://")
    if driver.startswith("sqlite") and (parsed.database in {None, "", ":memory:"} or "uri" in parsed.query):
        raise ValueError("must name a file: sqlite:///PATH")
    if "sslmode" in parsed.query:
        query = {**parsed.query, "ssl": parsed.query["sslmode"]}
        query.pop("sslmode")
        parsed = parsed.set(query=query)
    return parsed.set(drivername=driver)


def existing_file_uri(path: str) -> str:
    """A URI by which SQLite opens a file and creates none: that is left to the migration, which makes it private.

    Raises FileNotFoundError.
    """
    file = Path(path).absolute()
    if not file.is_file():
        # Told by SQLite, it would leave a thread of the driver behind that outlives the event loop.
        raise FileNotFoundError(errno.ENOENT, "No such file", path)
    return f"{file.as_uri()}?mode=rw"


def sqlite_engine(url: URL) -> AsyncEngine:
    """Of a file that exists: transactions that write begin with a write."""
    engine = create_async_engine(url, pool_size=POOL_SIZE, hide_parameters=True)

    @sa.event.listens_for(engine.sync_engine, "do_connect")
    def _open_existing(_dialect: object, _record: object, arguments: list[Any], options: dict[str, Any]) -> None:
        arguments[0] = existing_file_uri(arguments[0])
        options["uri"] = True

    @sa.event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in SQLITE_PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "handle_error")
    def _interrupt(failure: sa.engine.ExceptionContext) -> None:
        # The connection is closed next, which waits for the statement: the driver leaves that running.
        connection = failure.connection
        if isinstance(failure.original_exception, asyncio.CancelledError) and connection and not connection.invalidated:
            driver = connection.connection.driver_connection
            assert driver is not None
            await_only(driver.interrupt())

    @sa.event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads first and writes later can only fail when another one wrote in between.
        options = connection.get_execution_options()
        if options.get("reprise_viewing"):
            connection.exec_driver_sql("BEGIN")
        elif not options.get("reprise_reading"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def postgresql_engine(url: URL, pool_size: int) -> AsyncEngine:
    """Of a server, with at most so many connections."""
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_recycle=3600,
        # Errors are logged, and what people wrote shall not be.
        hide_parameters=True,
        connect_args={"server_settings": SERVER_SETTINGS, "timeout": _CONNECT_SECONDS},
    )

    @sa.event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _: object) -> None:
        _attend(connection.driver_connection)

    return engine


async def open_connection(**options: Any) -> Any:
    """A connection of PostgreSQL's driver beside the engine's; `options` say where to."""
    connection = await asyncpg.connect(server_settings=SERVER_SETTINGS, timeout=_CONNECT_SECONDS, **options)
    _attend(connection)
    return connection


def _attend(connection: Any) -> None:
    """See to it that nobody waits without end on a connection that has ended."""
    # Where its buffer is full when the connection ends, the driver waits for ever to send the rest.
    protocol = connection._protocol
    connection.add_termination_listener(lambda _: protocol.resume_writing())
    # The driver tells nobody else its socket, and waits for ever on a server that went without a word.
    line = connection._transport.get_extra_info("socket")
    if line is None or line.family not in (socket.AF_INET, socket.AF_INET6):
        return
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _SOCKET_OPTIONS.items():
        if option := getattr(socket, name, None):
            line.setsockopt(socket.IPPROTO_TCP, option, value)
