"""A transaction whose connection is lost raises Unavailable, whichever error the driver raises."""

import asyncio
import gc
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.database.driver_errors import translate_driver_errors
from storage.database.tables.thread import turn
from storage.database.transaction import Transaction
from storage.errors import Unavailable
from storage.resume.seeding.batch import TURN_COLUMNS
from tests.support.proxy import Proxy

# Seconds from the server's last message to the end of the connection, while the driver's protocol state is wrong.
LINGERING = 1.0
# Seconds until a test that hangs fails.
PATIENCE = 60


@contextmanager
def ignore_abandoned_futures() -> Iterator[None]:
    """Ignore asyncio's reports about futures that the driver abandons when a connection ends."""
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    assert handler is not None

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not isinstance(context.get("exception"), asyncpg.ConnectionDoesNotExistError):
            handler(loop, context)

    loop.set_exception_handler(handle)
    yield
    gc.collect()
    loop.set_exception_handler(handler)


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("does_copy", [True, False])
async def test_a_transaction_whose_connection_ends_between_two_statements_is_unavailable(
    database_url: str, does_copy: bool
) -> None:
    killer = await asyncpg.connect(database_url)
    proxy = Proxy(database_url)
    proxy.lingering = LINGERING

    async def lose(transaction: Transaction) -> None:
        pid = (await transaction.execute(sa.text("SELECT pg_backend_pid()"))).scalar_one()
        await killer.execute("SELECT pg_terminate_backend($1, 5000)", pid)
        await asyncio.sleep(LINGERING / 4)

    async def write() -> None:
        async with database.write() as transaction:
            await lose(transaction)
            if does_copy:
                await transaction.insert(turn, TURN_COLUMNS, [("thr_1", 0, "COMPLETED", "")])
            else:
                await transaction.execute(sa.text("SELECT 1"))

    async with proxy.serving() as url, Database(url) as database:
        with pytest.raises(Unavailable):
            await write()
        async with database.snapshot() as connection:
            assert (await connection.execute(sa.text("SELECT 1"))).scalar_one() == 1
    await killer.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_bulk_insert_fails_when_the_connection_ends_before_all_rows_are_sent(database_url: str) -> None:
    # More than the buffers of the driver and the system.
    rows = [("thr_1", position, "COMPLETED", "x" * 3_000) for position in range(10_000)]
    killer = await asyncpg.connect(database_url)

    async def write() -> None:
        async with database.write() as transaction:
            await transaction.execute(sa.text("SELECT 1"))
            await transaction.insert(turn, TURN_COLUMNS, rows)

    # Outside of the database, which may refer to the connection until it ends.
    with ignore_abandoned_futures():
        async with Database(database_url) as database:
            writing = asyncio.create_task(write())
            while not await killer.fetch("SELECT pg_terminate_backend(pid) FROM pg_stat_progress_copy"):
                assert not writing.done()
            async with asyncio.timeout(PATIENCE):
                with pytest.raises(Unavailable):
                    await writing
            del writing
    await killer.close()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system has no such option")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_server_that_vanishes_is_detected_within_half_a_minute(database_url: str) -> None:
    async with Proxy(database_url).serving() as url, Database(url) as database, database.snapshot() as connection:
        driver: Any = (await connection.connection.get_raw_connection()).driver_connection
        sock = driver._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        silence = [
            sock.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        ]
        assert silence[0] + silence[1] * silence[2] <= 30
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 30_000


def test_a_rollback_that_fails_after_an_internal_error_of_the_driver_is_unavailable() -> None:
    first = asyncpg.InternalClientError("cannot switch to state 21; another operation (2) is in progress")
    second = asyncpg.InterfaceError("cannot perform operation: another operation is in progress")
    second.__context__ = first
    with pytest.raises(Unavailable), translate_driver_errors():
        raise sa.exc.InterfaceError("ROLLBACK", None, second)


def test_an_error_in_a_statement_is_not_unavailable() -> None:
    wrong = asyncpg.UndefinedColumnError("there is no such column")
    with pytest.raises(sa.exc.ProgrammingError), translate_driver_errors():
        raise sa.exc.ProgrammingError("SELECT", None, wrong)
