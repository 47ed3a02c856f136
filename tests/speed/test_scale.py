"""The benchmark of several processes seeds whole threads, and counts what it seeded."""

import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.resume_task import resume_task
from storage.database.tables.thread import thread_item
from tests.speed import scale
from tests.speed.loop import run
from tests.support.databases import PostgresDatabases

SESSIONS, ITEMS = 4, 20


def test_throughput_counts_threads_that_are_seeded_whole(postgres_databases: PostgresDatabases) -> None:
    with postgres_databases.copy() as url:
        resumes, items = run(scale.throughput, url, 2, 2, SESSIONS, ITEMS)

        assert run(seeded, url) == (["READY"] * SESSIONS, SESSIONS * ITEMS)
    assert items.ours == pytest.approx(ITEMS * (resumes.ours or 0))


def test_latency_is_measured_until_another_process_has_written_items(postgres_databases: PostgresDatabases) -> None:
    with postgres_databases.copy() as url:
        p50, p95 = run(scale.latency, url, 2, ITEMS)

        assert run(seeded, url) == (["READY"] * 2, 2 * ITEMS)
    assert 0 < (p50.ours or 0) <= (p95.ours or 0)


async def seeded(url: str) -> tuple[list[str], int]:
    """The states of all tasks, and the number of all items."""
    async with Database(url) as database, database.engine.connect() as connection:
        states = (await connection.execute(sa.select(resume_task.c.state))).scalars().all()
        items = await connection.scalar(sa.select(sa.func.count()).select_from(thread_item))
    return list(states), items or 0
