"""The listener reconnects after any loss of its connection, and waiters miss nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
import sqlalchemy as sa

import storage.database.listener
from storage.database.bus import CHANNEL
from storage.database.database import Database
from storage.errors import Unavailable
from tests.support.proxy import Proxy

PATIENCE = 60
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@asynccontextmanager
async def administrator(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    try:
        yield connection
    finally:
        await connection.close()


async def listener(administrator: asyncpg.Connection, *, but: int = 0) -> int:
    """The process id of the listening connection's backend, once there is one."""
    async with asyncio.timeout(PATIENCE):
        while True:
            pid = await administrator.fetchval(
                "SELECT pid FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = 'reprise' AND pid <> $1",
                but,
            )
            if pid is not None:
                return int(pid)
            await asyncio.sleep(0.02)


async def hear(database: Database, administrator: asyncpg.Connection) -> None:
    """Return when a notification of another process has been received."""
    with database.bus.subscribed("topic") as woken:
        async with asyncio.timeout(PATIENCE):
            while not woken.is_set():
                await administrator.execute("SELECT pg_notify($1, $2)", CHANNEL, "elsewhere\ntopic")
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("lingering", [0, 0.2])
async def test_the_listener_reconnects_when_its_connection_ends_at_any_point_of_its_heartbeat(
    database_url: str, lingering: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Often enough for a heartbeat between the server's last message and the end of the connection.
    monkeypatch.setattr(storage.database.listener, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(storage.database.listener, "RECONNECT_SECONDS", 0)
    proxy = Proxy(database_url)
    proxy.lingering = lingering
    async with administrator(database_url) as other, proxy.serving() as url, Database(url) as database:
        pid = 0
        for _ in range(3):
            pid = await listener(other, but=pid)
            await hear(database, other)
            await other.execute("SELECT pg_terminate_backend($1, 5000)", pid)
        await listener(other, but=pid)
        await hear(database, other)


async def test_waiters_are_woken_by_a_commit_whose_response_is_lost(database_url: str) -> None:
    proxy = Proxy(database_url)
    async with (
        administrator(database_url) as other,
        proxy.serving() as url,
        Database(url, listen_url=database_url) as database,
    ):
        await hear(database, other)
        await other.execute("""
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql
                AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON seed_gate DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION slow();
        """)

        async def write() -> None:
            async with database.write() as transaction:
                await transaction.execute(sa.text("UPDATE seed_gate SET claims = 77"))
                transaction.notify("topic")

        with database.bus.subscribed("topic") as woken:
            writing = asyncio.create_task(write())
            while not await other.fetchval(
                "SELECT true FROM pg_stat_activity WHERE query LIKE 'COMMIT%' AND state = 'active'"
            ):
                assert not writing.done()
            proxy.cut()
            with pytest.raises(Unavailable):
                await writing
            woken.clear()
            assert await other.fetchval("SELECT claims FROM seed_gate") == 0
            async with asyncio.timeout(PATIENCE):
                await woken.wait()
            assert await other.fetchval("SELECT claims FROM seed_gate") == 77
