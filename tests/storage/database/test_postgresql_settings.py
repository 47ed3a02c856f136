"""Settings of a PostgreSQL database or role that differ from the defaults: timeouts and the level of isolation."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.database.migrations import migrate
from storage.errors import Unavailable
from tests.conftest import Serve
from tests.support.documents import assistant, codewhale, user
from tests.support.resumes import IMPORT

IMPORTS = 12
CLOSED = "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
WAITING = "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted"
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
async def beside(database_url: str) -> AsyncIterator[Any]:
    """A connection of another program, with the server's own settings."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def preset(beside: Any, **settings: str) -> None:
    """Set what later connections to the database begin with."""
    name = await beside.fetchval("SELECT current_database()")
    for setting, value in settings.items():
        await beside.execute(f"ALTER DATABASE {name} SET {setting} = '{value}'")


async def until(beside: Any, condition: str) -> None:
    """Wait until a query returns true."""
    while not await beside.fetchval(condition):  # noqa: ASYNC110 - what the server does has no event here
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
async def test_imports_at_once_succeed_at_any_default_level_of_isolation(beside: Any, serve: Serve, level: str) -> None:
    await preset(beside, default_transaction_isolation=level)
    server = await serve()

    def imported(number: int) -> Any:
        return server.client.data(IMPORT, document=codewhale(f"s{number}", messages=[user("Ask"), assistant("Yes")]))

    payloads = await asyncio.gather(*map(imported, range(IMPORTS)))

    assert [payload["importSession"]["userErrors"] for payload in payloads] == [[]] * IMPORTS


async def test_a_connection_that_the_server_closed_while_it_was_idle_is_replaced(
    beside: Any, database_url: str
) -> None:
    await preset(beside, idle_session_timeout="50ms")
    async with Database(database_url, listens=False) as database:
        for _ in range(2):
            async with database.write() as transaction:
                assert (await transaction.execute(sa.text("SELECT 1"))).scalar_one() == 1
            async with database.snapshot() as snapshot:
                assert (await snapshot.execute(sa.text("SELECT 1"))).scalar_one() == 1
            await until(beside, CLOSED)


async def test_a_transaction_that_waits_too_long_for_a_lock_is_unavailable(beside: Any, database_url: str) -> None:
    await preset(beside, lock_timeout="10ms")
    async with Database(database_url, listens=False) as database, beside.transaction():
        await beside.execute("UPDATE change_counter SET last = last")

        with pytest.raises(Unavailable):
            async with database.write() as transaction:
                await transaction.execute(sa.text("UPDATE change_counter SET last = last"))


@pytest.mark.parametrize("setting", ["statement_timeout", "lock_timeout", "transaction_timeout"])
async def test_a_migration_waits_for_another_one_without_a_timeout(
    beside: Any, database_url: str, setting: str
) -> None:
    if not await beside.fetchval("SELECT count(*) FROM pg_settings WHERE name = $1", setting):
        pytest.skip("This version of PostgreSQL lacks the setting.")
    await beside.execute("UPDATE alembic_version SET version_num = '0401'")
    await beside.execute("DROP INDEX session_parser_version")
    # A migration sets it aside by its first statements, which a busy machine may delay.
    await preset(beside, **{setting: "500ms"})
    # The group ends the wait when the migration fails.
    async with asyncio.TaskGroup() as tasks, beside.transaction():
        await beside.execute("LOCK TABLE reprise_migration_lock IN ACCESS EXCLUSIVE MODE")
        tasks.create_task(migrate(database_url))
        await until(beside, WAITING)
        await asyncio.sleep(0.7)

    assert await beside.fetchval("SELECT version_num FROM alembic_version") > "0401"
