"""Rolling upgrades: a newer version migrates PostgreSQL while processes of this version run."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.database import Database
from storage.database.migrations import migrate
from storage.database.tables.metadata import metadata
from storage.errors import UnsupportedDatabase
from tests.conftest import Serve
from tests.support.documents import assistant, codewhale, user
from tests.support.resumes import follow, resumed
from tests.support.seeding import counts, save, seeded, thread_rows

TURNS = 1_000
ADDITIVE, INCOMPATIBLE = "0499", "0500"
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as opened:
        yield opened


async def add(database: Database) -> None:
    """Migrate as a newer version may: add a table, and a column to every table."""
    async with database.write() as transaction:
        await transaction.execute(sa.text("CREATE TABLE remark (id int PRIMARY KEY, text text)"))
        # Lock tables in the order of a seeding batch, tasks first, to avoid a deadlock.
        for name in ("resume_task", *sorted(metadata.tables.keys() - {"resume_task"})):
            await transaction.execute(sa.text(f"ALTER TABLE {name} ADD COLUMN remark text NOT NULL DEFAULT 'none'"))
        await set_revision(transaction.connection, ADDITIVE)


async def set_revision(connection: AsyncConnection, revision: str) -> None:
    await connection.execute(sa.text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


async def test_an_older_process_serves_and_seeds_during_an_additive_migration(database: Database, serve: Serve) -> None:
    messages = [
        message for number in range(TURNS) for message in (user(f"Ask {number}"), assistant(f"It is {number}."))
    ]
    undisturbed = await seeded(database, codewhale("other", messages=messages))
    await save(database, codewhale("long", messages=messages))
    old = await serve(seed_batch=2)
    task = await resumed(old.client, "long")
    following = asyncio.create_task(follow(old.client, task["threadId"]))
    while (await counts(database, task["threadId"]))[0] == 0:  # noqa: ASYNC110 - a table has no event
        await asyncio.sleep(0.01)

    await add(database)

    written, _ = await counts(database, task["threadId"])
    assert 0 < written < 2 * TURNS
    last = (await following)[-1]
    assert (last["state"], last["attempt"]) == ("READY", 1)
    assert await thread_rows(database, task["threadId"]) == undisturbed
    assert (await old.client.http.get("/readyz")).status_code == 200


async def test_an_older_process_starts_after_an_additive_migration(
    database: Database, database_url: str, serve: Serve
) -> None:
    await add(database)

    await migrate(database_url)

    old = await serve()
    await save(database, codewhale("s1", messages=[user("Ask"), assistant("Answer")]))
    states = await follow(old.client, (await resumed(old.client, "s1"))["threadId"])
    assert states[-1]["state"] == "READY"
    assert (await old.client.http.get("/readyz")).status_code == 200


async def test_an_older_process_is_not_ready_and_does_not_start_after_an_incompatible_migration(
    database: Database, database_url: str, serve: Serve
) -> None:
    old = await serve()
    async with database.write() as transaction:
        await set_revision(transaction.connection, INCOMPATIBLE)

    assert (await old.client.http.get("/readyz")).status_code == 503
    with pytest.raises(UnsupportedDatabase, match="newer version"):
        await migrate(database_url)
