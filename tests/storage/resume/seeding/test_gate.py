"""How many tasks are seeding at once, and the takeover of a task whose owner froze."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.resume_task import resume_task
from storage.database.types import clock
from storage.doctor.doctor import examine
from storage.resume.resume import cancel_resume
from storage.resume.seeding import lease
from storage.resume.seeding.batch import BatchBuilder, SeedBatch
from storage.resume.seeding.lease import Claim
from storage.resume.seeding.seeder import Seeder
from tests.support.documents import Document, assistant, user, zagens
from tests.support.seeding import (
    PATIENCE,
    Pause,
    before_batches,
    counts,
    expire,
    final_state,
    resume,
    running,
    save,
    seed,
    seeded,
    task_of,
    thread_rows,
)

TASKS = 6


def dialogue(id: str, turns: int = 3) -> Document:
    messages = [message for number in range(turns) for message in (user(f"Ask {number}"), assistant("Answer"))]
    return zagens(id, messages=messages)


async def seeding_count(database: Database) -> int:
    statement = sa.select(sa.func.count()).select_from(resume_task).where(resume_task.c.state == "SEEDING")
    async with database.snapshot() as connection:
        return int((await connection.execute(statement)).scalar_one())


@pytest.mark.slow
@pytest.mark.parametrize("capacity", [1, 2, 3])
async def test_never_more_tasks_are_seeding_than_the_gate_s_capacity(
    database: Database, monkeypatch: pytest.MonkeyPatch, capacity: int
) -> None:
    threads = [await resume(database, await save(database, dialogue(f"s{number}"))) for number in range(TASKS)]
    pause, full, seen = Pause(), asyncio.Event(), []
    claim = lease.claim
    refusals = 0

    async def noted(of: Database, lease_seconds: float) -> Claim | None:
        nonlocal refusals
        claimed = await claim(of, lease_seconds)
        seen.append(await seeding_count(database))
        refusals += claimed is None
        if refusals >= len(seeders) and seen[-1] == capacity:
            full.set()
        return claimed

    async def hold(number: int) -> None:
        seen.append(await seeding_count(database))
        await pause.hold()

    monkeypatch.setattr(lease, "claim", noted)
    seeders = [Seeder(database, gate=capacity, batch_messages=2) for _ in range(3)]
    with before_batches(database, hold):
        async with running(seeders[0]), running(seeders[1]), running(seeders[2]), asyncio.timeout(PATIENCE):
            await full.wait()
            pause.open()
            ended = [await final_state(database, thread_id) for thread_id in threads]
    assert {task.state for task in ended} == {"READY"}
    assert max(seen) == capacity


@pytest.fixture
async def second(database_url: str) -> AsyncIterator[Database]:
    """The same database, opened as by another process."""
    async with Database(database_url) as opened:
        yield opened


async def test_two_processes_share_one_gate(database: Database, second: Database) -> None:
    thread_ids = [await resume(database, await save(database, dialogue(f"s{number}"))) for number in range(2)]
    seeder = Seeder(database)
    await lease.set_capacity(database, 1)
    first = await lease.claim(database, 60)
    assert first is not None
    assert await lease.claim(second, 60) is None
    await lease.release(database, first)
    taken = await lease.claim(second, 60)
    assert taken is not None
    assert taken.thread_id == first.thread_id
    await lease.release(second, taken)
    async with running(seeder):
        for thread_id in thread_ids:
            assert (await final_state(database, thread_id)).state == "READY"


async def test_a_task_that_was_begun_is_taken_over_before_another_is_begun(database: Database) -> None:
    for number in range(3):
        await resume(database, await save(database, dialogue(f"s{number}")))
    await lease.set_capacity(database, 2)
    first, second = await lease.claim(database, 60), await lease.claim(database, 60)
    assert first is not None
    assert second is not None
    await cancel_resume(database, first.thread_id)
    await expire(database, second.thread_id)
    revision = (await task_of(database, second.thread_id)).revision

    taken = await lease.claim(database, 60)

    assert taken is not None
    assert taken.thread_id == second.thread_id
    # Clients see no takeover.
    assert (await task_of(database, second.thread_id)).revision == revision


async def test_tasks_are_seeded_in_the_order_of_their_resumes(database: Database) -> None:
    threads = [await resume(database, await save(database, dialogue(f"s{number}"))) for number in range(4)]
    async with running(Seeder(database)):
        ended = [await final_state(database, thread_id) for thread_id in threads]
    begun = [task.started_at for task in ended if task.started_at is not None]
    assert len(begun) == 4
    # The clock of SQLite counts milliseconds, so two may share one.
    queued = sorted(ended, key=lambda task: (task.queued_at, task.thread_id))
    assert [task.started_at for task in queued] == sorted(begun)


@pytest.mark.slow
async def test_a_frozen_owner_loses_its_task_within_one_and_a_half_leases(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long enough that half of it is more than a busy machine delays a step.
    lease_seconds = 3.0
    thread_id = await resume(database, await save(database, dialogue("frozen")))
    claim = lease.claim
    frozen = await claim(database, lease_seconds)
    assert frozen is not None
    began, taken_over = time.monotonic(), []

    async def noted(of: Database, seconds: float) -> Claim | None:
        claimed = await claim(of, seconds)
        if claimed is not None:
            taken_over.append(time.monotonic() - began)
        return claimed

    monkeypatch.setattr(lease, "claim", noted)
    task = await seed(database, thread_id, Seeder(database, lease_seconds=lease_seconds))
    assert task.state == "READY"
    assert len(taken_over) == 1
    assert lease_seconds * 0.9 < taken_over[0] < lease_seconds * 1.5


async def test_a_live_lease_is_not_taken_over(database: Database) -> None:
    await resume(database, await save(database, dialogue("alive")))
    assert await lease.claim(database, 60) is not None
    assert await lease.claim(database, 60) is None


async def test_a_frozen_owner_that_wakes_writes_nothing(database: Database) -> None:
    undisturbed = await seeded(database, dialogue("undisturbed"))
    thread_id = await resume(database, await save(database, dialogue("thawed")))
    frozen = Pause()

    async def freeze(number: int) -> None:
        if number == 2:
            await frozen.hold()

    sleeper, other = Seeder(database, batch_messages=1), Seeder(database, batch_messages=1)
    with before_batches(database, freeze):
        async with running(sleeper):
            await frozen.reached()
            await expire(database, thread_id)
            task = await seed(database, thread_id, other)
            before = await thread_rows(database, thread_id)
            frozen.open()
    assert task.state == "READY"
    assert await task_of(database, thread_id) == task
    assert await thread_rows(database, thread_id) == before == undisturbed


async def test_a_frozen_owner_that_wakes_in_the_middle_of_another_s_work_writes_nothing(database: Database) -> None:
    undisturbed = await seeded(database, dialogue("undisturbed"))
    thread_id = await resume(database, await save(database, dialogue("thawed")))
    frozen, other, opened = Pause(), Pause(), Pause()
    opened.open()

    async def freeze(number: int) -> None:
        # The first owner stops before its second batch, the one that took over before its own second.
        await {2: frozen, 4: other}.get(number, opened).hold()

    with before_batches(database, freeze):
        async with running(Seeder(database, batch_messages=1)):
            await frozen.reached()
            await expire(database, thread_id)
            async with running(Seeder(database, batch_messages=1)):
                await other.reached()
                written = await counts(database, thread_id)
                frozen.open()
                other.open()
                task = await final_state(database, thread_id)
    assert written == (2, 2)
    assert task.state == "READY"
    assert await thread_rows(database, thread_id) == undisturbed


async def test_a_canceled_task_s_owner_writes_nothing_more(database: Database) -> None:
    thread_id = await resume(database, await save(database, dialogue("canceled")))

    async def cancel(number: int) -> None:
        if number == 2:
            await cancel_resume(database, thread_id)

    with before_batches(database, cancel):
        task = await seed(database, thread_id, Seeder(database, batch_messages=1))
    assert (task.state, task.items_written) == ("CANCELED", 1)
    assert await counts(database, thread_id) == (1, 1)


async def test_a_stopped_seeder_hands_over_at_once(database: Database) -> None:
    undisturbed = await seeded(database, dialogue("undisturbed"))
    thread_id = await resume(database, await save(database, dialogue("handed-over")))
    # A lease that outlasts the test: a seeder that waited for it would not finish.
    stopping = Seeder(database, batch_messages=1, lease_seconds=600)

    async def stop(number: int) -> None:
        if number == 2:
            stopping.stop()

    with before_batches(database, stop):
        handed_over = await seed(database, thread_id, stopping)
    assert (handed_over.state, handed_over.items_written) == ("SEEDING", 2)
    task = await seed(database, thread_id, Seeder(database, lease_seconds=600))
    assert (task.state, task.attempt) == ("READY", 1)
    assert await thread_rows(database, thread_id) == undisturbed


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_seeder_that_waits_at_the_gate_is_woken_by_the_one_that_stops(
    database: Database, second: Database
) -> None:
    thread_id = await resume(database, await save(database, dialogue("woken")))
    stopping = Seeder(database, batch_messages=1, lease_seconds=600)

    async def stop(number: int) -> None:
        if number == 2:
            stopping.stop()

    with before_batches(database, stop):
        async with running(Seeder(second, lease_seconds=600)):
            async with running(stopping):
                pass
            assert (await final_state(database, thread_id)).state == "READY"


@pytest.mark.slow
async def test_a_batch_that_takes_longer_than_the_lease_is_written_by_its_owner(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = await seeded(database, dialogue("undisturbed"))
    build = BatchBuilder.build

    def slow(self: BatchBuilder, *arguments: Any) -> SeedBatch:
        time.sleep(1.5)
        return build(self, *arguments)

    monkeypatch.setattr(BatchBuilder, "build", slow)
    thread_id = await resume(database, await save(database, dialogue("slow")))
    async with running(Seeder(database, lease_seconds=0.6)):
        task = await seed(database, thread_id, Seeder(database, lease_seconds=0.6))
    assert (task.state, task.attempt) == ("READY", 1)
    assert await thread_rows(database, thread_id) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [120, 86_400])
async def test_a_lease_that_lies_in_the_future_since_the_clock_went_back_is_taken_over(
    database: Database, seconds: int
) -> None:
    thread_id = await resume(database, await save(database, dialogue("s")))
    waiting = await resume(database, await save(database, dialogue("other")))
    assert await lease.claim(database, 60) is not None
    assert await lease.claim(database, 60) is None
    async with database.write() as transaction:
        # As if the clock had gone back.
        ahead = {"leased_at": clock(seconds), "lease_until": clock(seconds + 60)}
        await transaction.execute(sa.update(resume_task).where(resume_task.c.thread_id == thread_id).values(ahead))
    findings = [finding.text async for finding in examine(database)]
    assert [text for text in findings if "since the clock went back" in text]

    assert {(await seed(database, id)).state for id in (thread_id, waiting)} == {"READY"}
