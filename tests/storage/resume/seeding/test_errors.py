"""Tasks that cannot be finished end with an error code; the log has the details under the thread's id."""

import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.message import message
from storage.records.resume_task import ResumeTaskRow
from storage.resume.resume import ResumeOptions, resume_session
from storage.resume.seeding import lease
from storage.resume.seeding.batch import BatchBuilder
from storage.resume.seeding.seeder import MOST_CLAIMS, Seeder
from tests.support.documents import assistant, tool_result, tool_use, user, zagens
from tests.support.seeding import before_batches, counts, expire, resume, save, seed, seeded, thread_rows

DOCUMENT = zagens("s1", messages=[user("One"), assistant("Two", tool_use("t")), user(tool_result("t")), user("Four")])
WHOLE = {"content": '[{"type":"text","text":"Two"},{"type":"tool_use","id":"t","name":"read_file","input":{}}]'}


async def damage(database: Database, position: int, **columns: object) -> None:
    async with database.write() as transaction:
        await transaction.execute(sa.update(message).where(message.c.position == position).values(**columns))


def failures(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [vars(record)["thread_id"] for record in caplog.records if record.getMessage() == "seeding failed"]


async def check_failed(database: Database, task: ResumeTaskRow, code: str) -> None:
    assert task.error is not None
    assert (task.state, task.error.code) == ("ERROR", code)
    assert task.finished_at is not None
    assert "/" not in task.error.message
    assert await counts(database, task.thread_id) == (task.items_written, task.items_written)


@pytest.mark.slow
@pytest.mark.parametrize("columns", [{"content": '[{"type":'}, {"extra": "{"}, {"extra": "[]"}], ids=str)
@pytest.mark.parametrize("batch_messages", [1, 500])
async def test_a_message_that_cannot_be_read_ends_the_task(
    database: Database, columns: dict[str, object], batch_messages: int, caplog: pytest.LogCaptureFixture
) -> None:
    thread_id = await resume(database, await save(database, DOCUMENT))
    await damage(database, 1, **columns)
    task = await seed(database, thread_id, Seeder(database, batch_messages=batch_messages))
    await check_failed(database, task, "SESSION_UNREADABLE")
    assert task.error is not None
    assert "1" in task.error.message
    assert failures(caplog) == [thread_id]


@pytest.mark.slow
@pytest.mark.parametrize("position", [0, 1, 3])
@pytest.mark.parametrize("batch_messages", [1, 500])
async def test_a_message_that_is_missing_ends_the_task(database: Database, position: int, batch_messages: int) -> None:
    thread_id = await resume(database, await save(database, DOCUMENT))
    async with database.write() as transaction:
        await transaction.execute(sa.delete(message).where(message.c.position == position))
    task = await seed(database, thread_id, Seeder(database, batch_messages=batch_messages))
    await check_failed(database, task, "SESSION_UNREADABLE")


async def test_a_fault_in_the_server_is_masked_and_logged_under_the_thread_s_id(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(*_: object) -> None:
        raise RuntimeError("/etc/secret")

    monkeypatch.setattr(BatchBuilder, "build", fault)
    thread_id = await resume(database, await save(database, DOCUMENT))
    task = await seed(database, thread_id)
    await check_failed(database, task, "INTERNAL")
    assert task.error is not None
    assert "secret" not in task.error.message
    (record,) = [record for record in caplog.records if record.exc_info]
    assert vars(record)["thread_id"] == thread_id


async def test_a_failed_task_continues_at_its_cursor_when_it_is_resumed_again(database: Database) -> None:
    undisturbed = await seeded(database, {**DOCUMENT, "metadata": {**DOCUMENT["metadata"], "id": "undisturbed"}})
    thread_id = await resume(database, await save(database, DOCUMENT))
    async with database.write() as transaction:
        of_message = (message.c.session_id == "s1", message.c.position == 1)
        await transaction.execute(sa.update(message).where(*of_message).values(content="["))
    failed = await seed(database, thread_id, Seeder(database, batch_messages=1))
    await check_failed(database, failed, "SESSION_UNREADABLE")
    async with database.write() as transaction:
        await transaction.execute(sa.update(message).where(*of_message).values(WHOLE))
    again = await resume_session(database, "s1", ResumeOptions(), "OFFICE")
    assert again is not None
    assert (again.is_reused, again.task.thread_id, again.task.attempt) == (True, thread_id, 2)
    assert (again.task.state, again.task.error, again.task.items_written) == ("QUEUED", None, 1)
    assert again.task.revision == failed.revision + 1
    assert again.task.finished_at is None
    assert (await seed(database, thread_id)).state == "READY"
    assert await thread_rows(database, thread_id) == undisturbed


async def test_one_task_that_fails_does_not_hold_up_the_next(database: Database) -> None:
    failing = await resume(database, await save(database, DOCUMENT))
    await damage(database, 0, content="[")
    following = await resume(database, await save(database, zagens("s2", messages=[user("Hello")])))
    assert (await seed(database, following)).state == "READY"
    await check_failed(database, await seed(database, failing), "SESSION_UNREADABLE")


async def test_a_task_that_was_claimed_five_times_without_a_batch_ends_and_can_be_resumed_again(
    database: Database,
) -> None:
    thread_id = await resume(database, await save(database, DOCUMENT))
    for _ in range(MOST_CLAIMS):
        assert await lease.claim(database, 5) is not None
        await expire(database, thread_id)
    task = await seed(database, thread_id)
    await check_failed(database, task, "INTERNAL")
    assert task.error is not None
    assert "without progress" in task.error.message
    await resume(database, "s1")
    assert (await seed(database, thread_id)).state == "READY"


async def test_claims_before_a_committed_batch_do_not_count(database: Database) -> None:
    messages = [user(f"Message {number}") for number in range(8)]
    undisturbed = await seeded(database, zagens("undisturbed", messages=messages))
    thread_id = await resume(database, await save(database, zagens("interrupted", messages=messages)))
    for _ in range(3):
        for _ in range(MOST_CLAIMS - 1):
            assert await lease.claim(database, 5) is not None
            await expire(database, thread_id)
        seeder = Seeder(database, batch_messages=1)

        async def stop(number: int, seeder: Seeder = seeder) -> None:
            if number == 2:
                seeder.stop()

        with before_batches(database, stop):
            assert (await seed(database, thread_id, seeder)).state == "SEEDING"
    assert (await seed(database, thread_id)).state == "READY"
    assert await thread_rows(database, thread_id) == undisturbed


async def test_a_release_is_not_counted_as_a_claim_without_a_batch(database: Database) -> None:
    thread_id = await resume(database, await save(database, DOCUMENT))
    for _ in range(MOST_CLAIMS + 1):
        claim = await lease.claim(database, 5)
        assert claim is not None
        await lease.release(database, claim)
    assert (await seed(database, thread_id)).state == "READY"
