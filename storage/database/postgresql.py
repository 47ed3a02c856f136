"""PostgreSQL by asyncpg: SQLAlchemy's engine, the driver of the pool for reading, and connections beside both.

Imported only for PostgreSQL: a server on SQLite needs neither asyncpg nor its dialect.
"""

import contextlib
import socket
from collections.abc import Mapping
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.database.compiled_select import CompiledSelect, Row

_SERVER_SETTINGS = {
    "idle_in_transaction_session_timeout": "5000",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "jit": "off",
}
_CONNECT_SECONDS = 5
# The keepalive settings of _SERVER_SETTINGS, for this end of the connection; the last is in milliseconds.
_SOCKET_OPTIONS = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 25_000}
# SQLSTATE classes after which the server closes the connection: connection exceptions and operator intervention.
_CLOSING_SQLSTATES = {"08", "57"}
_CLOSE_SECONDS = 2.0
# Errors of a server that cannot be reached, is a standby, starts or stops: then another one is tried.
_NEXT_HOST = (OSError, asyncpg.CannotConnectNowError, asyncpg.TargetServerAttributeNotMatched)


def postgresql_engine(url: URL, pool_size: int) -> AsyncEngine:
    """An engine for a PostgreSQL database with at most `pool_size` connections."""
    engine = create_async_engine(
        url,
        # Transactions that wait for each other read what the first one has committed. The server's default may differ.
        isolation_level="READ COMMITTED",
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_recycle=3600,
        # Errors are logged; the texts of sessions must not be.
        hide_parameters=True,
        async_creator=PostgresqlHosts(url).connect,
    )

    @sa.event.listens_for(engine.sync_engine, "checkout")
    def _replace_closed(connection: Any, *_: object) -> None:
        # The server closes what is idle for longer than its idle_session_timeout, as do poolers and firewalls.
        if connection.driver_connection.is_closed():
            raise sa.exc.DisconnectionError

    return engine


class PostgresqlHosts:
    """The servers that a URL names. Of several, one takes writes, and another one after a failover."""

    def __init__(self, url: URL) -> None:
        _, options = url.get_dialect()().create_connect_args(url)
        hosts, ports = options.pop("host", None), options.pop("port", None)
        self._options = options
        self._hosts = [*zip(hosts, ports, strict=True)] if isinstance(hosts, list) else [(hosts, ports)]
        self._connected = self._hosts[0]

    async def connect(self) -> Any:
        """Connect to the server that was connected last, else to the first of the others that can be reached.

        Not by the driver's own list of hosts: its timeout is one for all, so that a server that does not respond leaves
        no time for the next one.
        """
        *others, last = sorted(self._hosts, key=lambda host: host != self._connected)
        for host in others:
            with contextlib.suppress(*_NEXT_HOST):
                return await self._connect(host)
        return await self._connect(last)

    async def _connect(self, host: tuple[Any, Any]) -> Any:
        connection = await asyncpg.connect(
            host=host[0],
            port=host[1],
            server_settings=_SERVER_SETTINGS,
            timeout=_CONNECT_SECONDS,
            **self._options,
        )
        self._connected = host
        _detect_lost_peer(connection)
        return connection


class PostgresqlDriver:
    """asyncpg."""

    def __init__(self, hosts: PostgresqlHosts) -> None:
        self._hosts = hosts

    async def open(self) -> Any:
        return await self._hosts.connect()

    def is_open(self, connection: Any) -> bool:
        return not connection.is_closed()

    async def close(self, connection: Any) -> None:
        try:
            # Waits until the server has cancelled a running statement.
            await connection.close(timeout=_CLOSE_SECONDS)
        except (OSError, RuntimeError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            connection.terminate()

    async def read(self, connection: Any, select: CompiledSelect[Row], values: Mapping[str, Any]) -> list[Row]:
        rows: list[Row] = await connection.fetch(select.text, *select.parameters(values), record_class=select.row_type)
        return rows

    def is_usable_after(self, error: BaseException) -> bool:
        # After other errors the protocol state of the driver is unknown.
        return isinstance(error, asyncpg.PostgresError) and error.sqlstate[:2] not in _CLOSING_SQLSTATES


def _detect_lost_peer(connection: Any) -> None:
    """Make statements on a lost connection fail instead of waiting without end."""
    # When the connection is lost while its write buffer is full, asyncpg does not resume the writer.
    protocol = connection._protocol
    connection.add_termination_listener(lambda _: protocol.resume_writing())
    # asyncpg sets no keepalive, and gives access to the socket only by a private attribute.
    sock = connection._transport.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _SOCKET_OPTIONS.items():
        if option := getattr(socket, name, None):
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
