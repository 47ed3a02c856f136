"""Processes that start at the same moment on an empty PostgreSQL database."""

import asyncio
from contextlib import AsyncExitStack

import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.session import session
from storage.samples import documents
from tests.support.client import Client
from tests.support.process import program
from tests.support.resumes import follow, resumed

PROCESSES = 4
SESSIONS = "query { sessions(first: 500) { nodes { id } totalCount } }"


@pytest.fixture
async def empty_url(database_url: str) -> str:
    async with Database(database_url) as database, database.write() as transaction:
        await transaction.execute(sa.text("DROP SCHEMA public CASCADE"))
        await transaction.execute(sa.text("CREATE SCHEMA public"))
    return database_url


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_concurrent_starts_migrate_and_import_samples_once(empty_url: str) -> None:
    async with AsyncExitStack() as running:
        starting = [running.enter_async_context(program(empty_url, "--samples")) for _ in range(PROCESSES)]
        programs = await asyncio.gather(*starting)
        clients: list[Client] = [program.client for program in programs]

        for client in clients:
            assert (await client.http.get("/readyz")).status_code == 200
        found = [(await client.data(SESSIONS))["sessions"] for client in clients]
        assert all(one == found[0] for one in found)
        async with Database(empty_url) as database, database.snapshot() as connection:
            revisions = await connection.execute(sa.text("SELECT version_num FROM alembic_version"))
            assert len(revisions.all()) == 1
            sessions = await connection.execute(sa.select(session.c.id))
            assert len(sessions.all()) == len(list(documents()))

        ids = [node["id"] for node in found[0]["nodes"]][:PROCESSES]
        tasks = await asyncio.gather(*(resumed(client, id) for client, id in zip(clients, ids, strict=True)))
        # Each task is followed in another process than the one that created it.
        ends = await asyncio.gather(
            *(follow(client, task["threadId"]) for client, task in zip(clients[1:] + clients[:1], tasks, strict=True))
        )
        assert {states[-1]["state"] for states in ends} == {"READY"}
        for one in programs:
            assert await one.terminate() == 0
