"""Chaos runs: whatever fails, each session keeps one thread, which ends whole, and no item or event is lost or doubled.

The seed of a run is printed when it fails, and is the same in every test run. CHAOS_SEED sets another one;
CHAOS_MINUTES, which `make soak` sets, makes a run longer and its seed random.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from storage.database.database import Database
from tests.support.chaos import BATCH, GATE, LEASE_SECONDS, SIZES, Run, document
from tests.support.databases import Postgres, SqliteDatabases, migrated
from tests.support.history import record_history
from tests.support.hosts import Host
from tests.support.invariants import problems
from tests.support.seeding import ThreadRows, undisturbed_thread

SEED = 1
MINUTES = float(os.environ.get("CHAOS_MINUTES", 0))
# asyncpg leaves a future behind when a connection ends, which asyncio logs.
DRIVER_ERROR = '"logger":"asyncio","message":"Future exception was never retrieved'
# Sessions resumed in a run, at least.
TASKS = max(20, round(20 * MINUTES))


@pytest.fixture(scope="module")
def undisturbed(sqlite_databases: SqliteDatabases) -> dict[int, ThreadRows]:
    """The threads that a seeder writes without faults, by the number of turns of their sessions."""
    return {turns: undisturbed_thread(sqlite_databases, document(f"s{turns}", turns)) for turns in SIZES}


@pytest.fixture
def seed() -> int:
    default = random.SystemRandom().randrange(1_000_000) if MINUTES else SEED
    number = int(os.environ.get("CHAOS_SEED") or default)
    print(f"\nCHAOS_SEED={number}")  # noqa: T201 - pytest shows it when the test fails
    return number


@asynccontextmanager
async def serving(url: str, folder: Path, count: int) -> AsyncIterator[list[Host]]:
    async with AsyncExitStack() as stack:
        settings: dict[str, Any] = {"seed_gate": GATE, "seed_batch": BATCH, "lease_seconds": LEASE_SECONDS}
        hosts = [Host(url, folder / f"{number}.log", **settings) for number in range(count)]
        for host in hosts:
            stack.push_async_callback(host.close)
        assert all(await asyncio.gather(*(host.start() for host in hosts)))
        yield hosts


async def check(database: Database, run: Run, hosts: list[Host], undisturbed: dict[int, ThreadRows]) -> None:
    print(run)  # noqa: T201 - pytest shows it when the test fails
    expected = {id: undisturbed[turns] for id, turns in run.workload.turns.items()}
    found = await problems(database, expected, run.workload.deleted, GATE, LEASE_SECONDS, run.faults.healthy_seconds)
    assert found == []
    logged = [line for host in hosts for line in host.log.read_text(encoding="utf-8").splitlines()]
    errors = [
        line for line in logged if ('"level":"ERROR"' in line or "Traceback" in line) and DRIVER_ERROR not in line
    ]
    assert errors == []


async def test_nothing_is_lost_while_three_servers_and_their_postgresql_fail(
    seed: int, own_postgres: Postgres, undisturbed: dict[int, ThreadRows], tmp_path: Path
) -> None:
    await migrated(own_postgres.url)
    async with Database(own_postgres.url) as database:
        await record_history(database)
    async with serving(own_postgres.url, tmp_path, 3) as hosts:
        run = Run(hosts, seed, own_postgres)
        await run.run(60 * MINUTES, TASKS)
    async with Database(own_postgres.url) as database:
        await check(database, run, hosts, undisturbed)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_nothing_is_lost_while_a_server_on_sqlite_fails(
    seed: int, database_url: str, undisturbed: dict[int, ThreadRows], tmp_path: Path
) -> None:
    async with Database(database_url) as database:
        await record_history(database)
        async with serving(database_url, tmp_path, 1) as hosts:
            run = Run(hosts, seed)
            await run.run(60 * MINUTES, TASKS)
        await check(database, run, hosts, undisturbed)
