"""A session that is imported again or deleted while it is being seeded: READY means complete, a delete succeeds."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.session import session
from storage.database.tables.thread import thread
from storage.records.resume_task import ResumeTaskRow
from storage.resume.resume import ResumeOptions, resume_session
from storage.resume.seeding import lease
from storage.resume.seeding.seeder import Seeder
from tests.support.documents import Document, Message, assistant, tool_result, tool_use, user, zagens
from tests.support.seeding import (
    Pause,
    before_batches,
    counts,
    final_state,
    resume,
    running,
    save,
    seed,
    seeded,
    task_of,
    thread_rows,
)
from tests.support.stored_sessions import delete_session

BEGINNING: list[Message] = [user("One"), assistant("Two", tool_use("t")), user("Three"), assistant("Four")]
LONGER: list[Message] = [*BEGINNING, user("Five"), assistant("Six", tool_use("u")), user(tool_result("u"))]
REWRITTEN: list[Message] = [user("Quite"), assistant("another"), user("story")]
LATER = "2027-01-01T00:00:00Z"
ANSWERED: list[Message] = [*BEGINNING, user(tool_result("t", "late"))]


def saved(messages: list[Message], id: str = "changing", **metadata: Any) -> Document:
    return zagens(id, messages=messages, **metadata)


async def seed_with_import(database: Database, document: Document, before_batch: int) -> ResumeTaskRow:
    """Seed BEGINNING message by message, and import `document` before one of the batches."""
    thread_id = await resume(database, await save(database, saved(BEGINNING)))

    async def change(number: int) -> None:
        if number == before_batch:
            await save(database, document)

    with before_batches(database, change):
        return await seed(database, thread_id, Seeder(database, batch_messages=1))


async def test_a_document_that_grows_while_queued_is_seeded_completely(database: Database) -> None:
    undisturbed = await seeded(database, saved(LONGER, "undisturbed"))
    thread_id = await resume(database, await save(database, saved(BEGINNING)))
    await save(database, saved(LONGER))
    task = await seed(database, thread_id)
    assert (task.state, task.items_total) == ("READY", len(undisturbed.items))
    assert await thread_rows(database, thread_id) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("before_batch", [1, 2, 3, 4])
async def test_a_document_that_grows_between_batches_is_seeded_in_full(database: Database, before_batch: int) -> None:
    undisturbed = await seeded(database, saved(LONGER, "undisturbed"))
    task = await seed_with_import(database, saved(LONGER), before_batch)
    assert (task.state, task.items_written, task.items_total) == (
        "READY",
        len(undisturbed.items),
        len(undisturbed.items),
    )
    assert await thread_rows(database, task.thread_id) == undisturbed


async def test_a_document_that_is_rewritten_while_queued_is_seeded_in_its_newest_form(database: Database) -> None:
    undisturbed = await seeded(database, saved(REWRITTEN, "undisturbed"))
    thread_id = await resume(database, await save(database, saved(BEGINNING)))
    await save(database, saved(REWRITTEN))
    assert (await seed(database, thread_id)).state == "READY"
    assert await thread_rows(database, thread_id) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize(
    "document", [saved(REWRITTEN), saved(BEGINNING[:1], updated_at=LATER)], ids=["rewritten", "shorter"]
)
async def test_a_document_that_is_rewritten_between_batches_ends_the_task_and_a_new_resume_makes_a_new_thread(
    database: Database, document: Document
) -> None:
    task = await seed_with_import(database, document, 3)
    assert task.error is not None
    assert (task.state, task.error.code) == ("ERROR", "SESSION_CHANGED")
    assert await counts(database, task.thread_id) == (task.items_written, task.items_written)
    again = await resume_session(database, "changing", ResumeOptions(), "OFFICE")
    assert again is not None
    assert (again.is_reused, again.task.attempt) == (False, 1)
    assert again.task.thread_id != task.thread_id
    undisturbed = await seeded(database, {**document, "metadata": {**document["metadata"], "id": "undisturbed"}})
    assert (await final_state(database, again.task.thread_id)).state == "READY"
    assert await thread_rows(database, again.task.thread_id) == undisturbed


@pytest.mark.parametrize("before_batch", [1, 3])
async def test_a_resume_after_a_rewrite_gets_a_task_that_becomes_ready(database: Database, before_batch: int) -> None:
    undisturbed = await seeded(database, saved(REWRITTEN, "undisturbed"))
    first = await resume(database, await save(database, saved(BEGINNING)))
    threads: list[str] = []

    async def rewrite(number: int) -> None:
        if number == before_batch and not threads:
            await save(database, saved(REWRITTEN))
            threads.extend(await asyncio.gather(resume(database, "changing"), resume(database, "changing")))

    with before_batches(database, rewrite):
        await seed(database, first, Seeder(database, batch_messages=1))

    [thread_id] = set(threads)
    # Before anything is written, the task continues with the newer messages.
    assert (thread_id == first) is (before_batch == 1)
    assert (await seed(database, thread_id)).state == "READY"
    assert await thread_rows(database, thread_id) == undisturbed


async def test_a_tail_that_answers_a_call_already_written_as_interrupted_ends_the_task(database: Database) -> None:
    task = await seed_with_import(database, saved(ANSWERED), 3)
    assert task.error is not None
    assert (task.state, task.error.code) == ("ERROR", "SESSION_CHANGED")


async def test_a_tail_that_answers_a_call_not_yet_written_is_adopted(database: Database) -> None:
    undisturbed = await seeded(database, saved(ANSWERED, "undisturbed"))
    task = await seed_with_import(database, saved(ANSWERED), 2)
    assert task.state == "READY"
    assert await thread_rows(database, task.thread_id) == undisturbed


async def test_a_tail_with_a_call_of_the_id_of_an_orphan_result_is_adopted(database: Database) -> None:
    early: list[Message] = [user("One", tool_result("t")), assistant("Two")]
    thread_id = await resume(database, await save(database, saved(early)))

    async def change(number: int) -> None:
        if number == 2:
            await save(database, saved([*early, assistant(tool_use("t"))]))

    with before_batches(database, change):
        task = await seed(database, thread_id, Seeder(database, batch_messages=1))
    assert task.state == "READY"


async def test_a_session_that_grew_after_it_was_seeded_is_seeded_into_a_new_thread(database: Database) -> None:
    first = await resume(database, await save(database, saved(BEGINNING)))
    await seed(database, first)
    await save(database, saved(LONGER))
    second = await resume(database, "changing")
    assert second != first
    assert (await seed(database, second)).state == "READY"
    assert await thread_rows(database, second) == await seeded(database, saved(LONGER, "undisturbed"))


async def check_deleted(database: Database, task: ResumeTaskRow) -> None:
    assert task.error is not None
    assert (task.state, task.error.code, task.seeded_session_id) == ("ERROR", "SESSION_DELETED", None)
    assert task.finished_at is not None
    assert await counts(database, task.thread_id) == (task.items_written, task.items_written)
    async with database.snapshot() as connection:
        assert (await connection.execute(sa.select(session.c.id))).all() == []
        assert (await connection.execute(sa.select(thread.c.id, thread.c.session_id))).all() == [(task.thread_id, None)]


async def test_a_queued_session_can_be_deleted(database: Database) -> None:
    thread_id = await resume(database, await save(database, saved(BEGINNING)))
    assert await delete_session(database, "changing")
    await check_deleted(database, await task_of(database, thread_id))


@pytest.mark.parametrize("before_batch", [1, 2, 4])
async def test_a_session_can_be_deleted_between_batches(database: Database, before_batch: int) -> None:
    thread_id = await resume(database, await save(database, saved(BEGINNING)))

    async def delete(number: int) -> None:
        if number == before_batch:
            assert await delete_session(database, "changing")

    with before_batches(database, delete):
        task = await seed(database, thread_id, Seeder(database, batch_messages=1))
    assert task.items_written < task.items_total
    await check_deleted(database, task)


@pytest.mark.parametrize("batch", [1, 2, 4])
async def test_a_delete_in_the_middle_of_a_batch_succeeds(
    database: Database, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    thread_id = await resume(database, await save(database, saved(BEGINNING)))
    advance, batches, pause = lease.advance, 0, Pause()

    async def late(*arguments: Any, is_last: bool) -> bool:
        nonlocal batches
        batches += 1
        if batches == batch:
            await pause.hold()
        return await advance(*arguments, is_last=is_last)

    monkeypatch.setattr(lease, "advance", late)
    async with running(Seeder(database, batch_messages=1)):
        await pause.reached()
        # It waits for the batch, whose rows are locked.
        deleting = asyncio.create_task(delete_session(database, "changing"))
        pause.open()
        assert await deleting
        task = await final_state(database, thread_id)
    if task.state == "READY":
        assert await counts(database, thread_id) == (task.items_total, task.items_total)
        assert task.seeded_session_id is None
    else:
        await check_deleted(database, task)


async def test_a_ready_thread_outlives_its_session(database: Database) -> None:
    thread_id = await resume(database, await save(database, saved(BEGINNING)))
    before = ResumeTaskRow._make(await seed(database, thread_id))
    rows = await thread_rows(database, thread_id)
    assert await delete_session(database, "changing")
    task = ResumeTaskRow._make(await task_of(database, thread_id))
    assert (task, await thread_rows(database, thread_id)) == (before._replace(seeded_session_id=None), rows)


async def test_a_deleted_session_that_is_imported_again_gets_a_new_thread(database: Database) -> None:
    first = await resume(database, await save(database, saved(BEGINNING)))
    assert await delete_session(database, "changing")
    assert await resume_session(database, "changing", ResumeOptions(), "OFFICE") is None
    await save(database, saved(BEGINNING))
    second = await resume(database, "changing")
    assert second != first
    assert (await seed(database, second)).state == "READY"
    assert (await task_of(database, first)).state == "ERROR"
