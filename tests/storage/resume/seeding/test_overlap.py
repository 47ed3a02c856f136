"""A batch is read and built while the one before it is written."""

import asyncio
from typing import Any

import pytest

from storage.database.database import Database
from storage.resume.seeding import lease
from storage.resume.seeding.batch import BatchBuilder, SeedBatch
from storage.resume.seeding.seeder import Seeder
from tests.support.documents import assistant, user, zagens
from tests.support.seeding import resume, save, seed, seeded, thread_rows

MESSAGES = [message for number in range(3) for message in (user(f"Ask {number}"), assistant("Answer"))]


async def test_a_batch_is_built_while_the_one_before_it_is_written(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = await seeded(database, zagens("plain", messages=MESSAGES))
    loop, built = asyncio.get_running_loop(), asyncio.Semaphore(0)
    build, advance = BatchBuilder.build, lease.advance
    positions = []

    def counting(self: BatchBuilder, *arguments: Any) -> SeedBatch:
        batch = build(self, *arguments)
        loop.call_soon_threadsafe(built.release)
        return batch

    async def waiting(transaction: Any, claim: Any, held: Any, seconds: float, values: dict[str, Any]) -> bool:
        positions.append(values["messages_read"])
        async with asyncio.timeout(10):
            await built.acquire()
            # In the transaction of a batch that others follow, the next one gets built.
            if "state" not in values:
                await built.acquire()
                built.release()
        return await advance(transaction, claim, held, seconds, values)

    monkeypatch.setattr(BatchBuilder, "build", counting)
    monkeypatch.setattr(lease, "advance", waiting)
    thread_id = await resume(database, await save(database, zagens("overlapping", messages=MESSAGES)))
    task = await seed(database, thread_id, Seeder(database, batch_messages=2))
    assert task.state == "READY"
    assert positions == sorted(set(positions))
    assert len(positions) > 1
    assert await thread_rows(database, thread_id) == plain
