"""A URL with several servers of PostgreSQL, of which one takes writes: it is found, whichever it is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
import sqlalchemy as sa

from storage.database import postgresql
from storage.database.bus import QUEUE
from storage.database.database import Database
from storage.errors import Unavailable
from tests.support.databases import Postgres, postgres, scratch_folder

PATIENCE = 60


@pytest.fixture
def standby() -> Iterator[Postgres]:
    """Another server."""
    with scratch_folder() as folder, postgres(folder / "standby") as server:
        yield server


@pytest.fixture
async def silent_port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """A port whose server accepts connections and says nothing, like a machine that has stopped."""
    monkeypatch.setattr(postgresql, "_CONNECT_SECONDS", 0.5)
    async with await asyncio.start_server(_say_nothing, "127.0.0.1") as server:
        yield server.sockets[0].getsockname()[1]


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def set_read_only(server: Postgres, state: str) -> None:
    connection = await asyncpg.connect(server.url, server_settings={"default_transaction_read_only": "off"})
    try:
        await connection.execute(f"ALTER DATABASE postgres SET default_transaction_read_only = {state}")
    finally:
        await connection.close()


def socket_folder(server: Postgres) -> str:
    [folder] = parse_qs(urlsplit(server.url).query)["host"]
    return folder


def cluster(silent_port: int, *servers: Postgres) -> str:
    """The URL of servers, after one that says nothing."""
    hosts = ",".join(["127.0.0.1", *map(socket_folder, servers)])
    ports = ",".join([str(silent_port), *("5432" for _ in servers)])
    return f"postgresql://postgres@/postgres?host={hosts}&port={ports}"


async def connected(database: Database) -> set[str]:
    """Where the servers listen to which transactions and readers are connected."""
    async with database.write() as transaction:
        written = (await transaction.execute(sa.text("SHOW unix_socket_directories"))).scalar_one()
    reader = await database.readers.driver.open()
    read = await reader.fetchval("SHOW unix_socket_directories")
    await database.readers.driver.close(reader)
    return {written, read}


async def test_the_server_that_takes_writes_is_found_before_and_after_a_failover(
    own_postgres: Postgres, standby: Postgres, silent_port: int
) -> None:
    await set_read_only(standby, "on")
    async with Database(cluster(silent_port, standby, own_postgres)) as database, asyncio.timeout(PATIENCE):
        with database.bus.subscribed(QUEUE) as woken:
            # All waiters are woken whenever the listener has connected.
            await woken.wait()
            before = await connected(database)

            await asyncio.to_thread(own_postgres.stop, "fast")
            await set_read_only(standby, "off")
            woken.clear()
            await woken.wait()
            # By what was open before.
            with contextlib.suppress(Unavailable):
                await connected(database)
            after = await connected(database)
            await asyncio.to_thread(own_postgres.start)
    assert before == {socket_folder(own_postgres)}
    assert after == {socket_folder(standby)}


async def test_without_a_server_that_takes_writes_the_database_is_unavailable(
    standby: Postgres, silent_port: int
) -> None:
    await set_read_only(standby, "on")
    async with Database(cluster(silent_port, standby), listens=False) as database:
        with pytest.raises(Unavailable):
            await connected(database)
