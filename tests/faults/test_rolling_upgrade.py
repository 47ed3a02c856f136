"""A newer version migrates PostgreSQL while processes of this one go on."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.database import Database
from storage.database.migrations import migrate
from storage.database.tables import metadata
from storage.errors import UnsupportedDatabase
from tests.conftest import Serve
from tests.support.documents import assistant, codewhale, user
from tests.support.resumes import follow, resumed
from tests.support.seeding import counts, save, seeded, thread_rows

TURNS = 1_000
ADDS, TAKES_AWAY = "0299", "0300"
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as opened:
        yield opened


async def add(database: Database) -> None:
    """What a newer version's migration may do: add a table, and a column to each there is."""
    async with database.write() as transaction:
        await transaction.execute(sa.text("CREATE TABLE note (id int PRIMARY KEY, text text)"))
        # Tasks first, as a batch takes them, so that neither waits for the other.
        for name in ("resume_task", *sorted(metadata.tables.keys() - {"resume_task"})):
            await transaction.execute(sa.text(f"ALTER TABLE {name} ADD COLUMN note text NOT NULL DEFAULT 'none'"))
        await stand_at(transaction.connection, ADDS)


async def stand_at(connection: AsyncConnection, revision: str) -> None:
    await connection.execute(sa.text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


async def test_an_older_process_serves_and_seeds_on_while_a_migration_adds(database: Database, serve: Serve) -> None:
    messages = [
        message for number in range(TURNS) for message in (user(f"Ask {number}"), assistant(f"It is {number}."))
    ]
    undisturbed = await seeded(database, codewhale("other", messages=messages))
    await save(database, codewhale("long", messages=messages))
    old = await serve(seed_batch=2)
    task = await resumed(old.client, "long")
    following = asyncio.create_task(follow(old.client, task["id"]))
    while (await counts(database, task["id"]))[0] == 0:  # noqa: ASYNC110 - tables set no event
        await asyncio.sleep(0.01)

    await add(database)

    written, _ = await counts(database, task["id"])
    assert 0 < written < 2 * TURNS
    last = (await following)[-1]
    assert (last["state"], last["attempt"]) == ("READY", 1)
    assert await thread_rows(database, task["id"]) == undisturbed
    assert (await old.client.http.get("/readyz")).status_code == 200


async def test_an_older_process_starts_beside_a_newer_one_that_has_only_added(
    database: Database, database_url: str, serve: Serve
) -> None:
    await add(database)

    await migrate(database_url)

    old = await serve()
    await save(database, codewhale("s1", messages=[user("Ask"), assistant("Answer")]))
    states = await follow(old.client, (await resumed(old.client, "s1"))["id"])
    assert states[-1]["state"] == "READY"
    assert (await old.client.http.get("/readyz")).status_code == 200


async def test_an_older_process_is_not_ready_and_starts_no_more_once_a_migration_took_away(
    database: Database, database_url: str, serve: Serve
) -> None:
    old = await serve()
    async with database.write() as transaction:
        await stand_at(transaction.connection, TAKES_AWAY)

    assert (await old.client.http.get("/readyz")).status_code == 503
    with pytest.raises(UnsupportedDatabase, match="newer version"):
        await migrate(database_url)
