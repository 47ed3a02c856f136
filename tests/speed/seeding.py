"""Seeding a long session."""

import math
import time
from typing import Any

import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.session import session
from storage.database.tables.thread import thread_event, thread_item, turn
from storage.documents.formats import read_document
from storage.documents.imports import import_document
from storage.resume.seeding.seeder import BATCH_MESSAGES
from tests.speed.figure import Figure, rate
from tests.speed.generate import long_session
from tests.speed.loop import run
from tests.support.client import Client
from tests.support.server import serving

RESUME = """
mutation Resume($id: ID!) { resumeSession(input: {sessionId: $id}) { resumeTask { threadId } } }
"""
FOLLOW = """
subscription Follow($threadId: ID!) { resumeTask(threadId: $threadId) { state itemsWritten error { message } } }
"""


def seeding(database_url: str, item_count: int, rounds: int) -> list[Figure]:
    """Speed of seeding, and the time from resumeSession to READY."""
    return run(_seeding, database_url, item_count, rounds)


async def _seeding(database_url: str, item_count: int, rounds: int) -> list[Figure]:
    times = []
    document = long_session(item_count, "long")
    transactions = math.ceil(len(document["messages"]) / BATCH_MESSAGES)
    async with serving(database_url) as served:
        database = served.app.state.database
        await import_document(database, read_document(document))
        for _ in range(rounds):
            thread_id, ours = await _resumed(served.client, "long", item_count)
            times.append((ours, await _plainly_written(database, thread_id, transactions)))
            async with database.write() as transaction:
                # The next resume then makes a thread of its own.
                await transaction.execute(sa.update(session).values(thread_id=None))
    ready = sorted(ours for ours, _ in times)[rounds // 2]
    return [
        rate("seeding", "items/s", [(item_count / ours, item_count / limit) for ours, limit in times]),
        Figure(f"resume to READY, {item_count:,} items", "s", ready),
    ]


async def _resumed(client: Client, session_id: str, item_count: int) -> tuple[str, float]:
    """The thread, and the seconds until it was known to be READY."""
    began = time.perf_counter()
    thread_id = (await client.data(RESUME, id=session_id))["resumeSession"]["resumeTask"]["threadId"]
    task: dict[str, Any] = {}
    async for answer in client.subscribe(FOLLOW, {"threadId": thread_id}):
        task = answer["data"]["resumeTask"]
    seconds = time.perf_counter() - began
    assert task == {"state": "READY", "itemsWritten": item_count, "error": None}, task
    return thread_id, seconds


async def _plainly_written(database: Database, thread_id: str, transactions: int) -> float:
    """Seconds to write the thread's rows once more, under another id."""
    written = []
    async with database.snapshot() as connection:
        for table in (turn, thread_item, thread_event):
            rows = await connection.execute(sa.select(table).where(table.c.thread_id == thread_id))
            written.append((table, [{**row, "thread_id": f"{thread_id}_again"} for row in rows.mappings()]))
    began = time.perf_counter()
    for number in range(transactions):
        async with database.engine.begin() as connection:
            for table, copies in written:
                size = math.ceil(len(copies) / transactions)
                if part := copies[number * size : (number + 1) * size]:
                    await connection.execute(table.insert(), part)
    return time.perf_counter() - began
