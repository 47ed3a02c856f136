"""Seeding writes the same thread for any batch size and any interruption, exactly once and with rising progress."""

from typing import NamedTuple
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.database.database import Database
from storage.resume.resume import cancel_resume
from storage.resume.seeding.seeder import Seeder
from tests.support.documents import Document, assistant, text, tool_result, tool_use, user, zagens
from tests.support.examples import examples
from tests.support.seeding import (
    before_batches,
    counts,
    expire,
    resume,
    save,
    seed,
    seeded,
    task_of,
    thread_rows,
)
from tests.support.strategies import Conversation, as_codewhale, as_zagens, conversations, json_documents

EXAMPLES = examples(12)


class Interruption(NamedTuple):
    """An interruption before a batch, and the size of the batches."""

    kind: str
    batch: int
    batch_messages: int
    items_a_message: int


interruptions = st.lists(
    st.builds(
        Interruption,
        st.sampled_from(["cancel", "stop", "expire"]),
        st.integers(1, 5),
        st.integers(1, 3),
        st.integers(1, 4),
    ),
    max_size=3,
)
batch_sizes = st.integers(1, 9)


def renamed(document: Document) -> Document:
    return {**document, "metadata": {**document["metadata"], "id": uuid4().hex}}


async def interrupted(database: Database, thread_id: str, interruption: Interruption) -> None:
    """Seed until the interruption or the end, and check the counts before each batch."""
    seeder = Seeder(database, batch_messages=interruption.batch_messages, items_a_message=interruption.items_a_message)
    before = 0

    async def interrupt(number: int) -> None:
        nonlocal before
        written, rows = await counts(database, thread_id)
        assert before <= written == rows
        before = written
        assert (await task_of(database, thread_id)).state != "READY"
        if number == interruption.batch:
            match interruption.kind:
                case "cancel":
                    await cancel_resume(database, thread_id)
                case "stop":
                    seeder.stop()
                case _:
                    await expire(database, thread_id)

    with before_batches(database, interrupt):
        task = await seed(database, thread_id, seeder)
    assert task.state in {"READY", "CANCELED", "SEEDING"}, task.error
    written, rows = await counts(database, thread_id)
    assert written == rows
    assert task.state != "READY" or written == task.items_total


async def check(database: Database, document: Document, stages: list[Interruption], last_size: int) -> None:
    undisturbed = await seeded(database, renamed(document))
    session_id = await save(database, renamed(document))
    thread_id = await resume(database, session_id)
    try:
        for stage in stages:
            await interrupted(database, thread_id, stage)
            assert await resume(database, session_id) == thread_id
        task = await seed(database, thread_id, Seeder(database, batch_messages=last_size))
        assert task.state == "READY", task.error
        assert await thread_rows(database, thread_id) == undisturbed
        assert await counts(database, thread_id) == (task.items_total, task.items_total)
    finally:
        await cancel_resume(database, thread_id)


@pytest.mark.slow
@EXAMPLES
@given(conversation=conversations(), stages=interruptions, size=batch_sizes)
async def test_a_zagens_session_seeds_the_same_thread_through_any_interruptions(
    database: Database, conversation: Conversation, stages: list[Interruption], size: int
) -> None:
    await check(database, as_zagens(conversation), stages, size)


@pytest.mark.slow
@EXAMPLES
@given(conversation=conversations(), stages=interruptions, size=batch_sizes)
async def test_a_codewhale_session_seeds_the_same_thread_through_any_interruptions(
    database: Database, conversation: Conversation, stages: list[Interruption], size: int
) -> None:
    await check(database, as_codewhale(conversation), stages, size)


@EXAMPLES
@given(document=json_documents(), stages=interruptions, size=batch_sizes)
async def test_any_document_seeds_the_same_thread_through_any_interruptions(
    database: Database, document: Document, stages: list[Interruption], size: int
) -> None:
    await check(database, document, stages, size)


@pytest.mark.slow
async def test_a_thread_of_many_turns_is_the_same_at_every_batch_size(database: Database) -> None:
    messages = [
        message
        for number in range(6)
        for message in (
            user(f"Ask {number}"),
            assistant(tool_use("same"), text("Done"), tool_use(f"far{number}")),
            user(tool_result("same", str(number)), tool_result(f"far{(number + 3) % 6}")),
        )
    ]
    undisturbed = await seeded(database, zagens("undisturbed", messages=messages))
    for size in range(1, len(messages) + 1):
        thread_id = await resume(database, await save(database, zagens(f"size{size}", messages=messages)))
        task = await seed(database, thread_id, Seeder(database, batch_messages=size))
        assert task.state == "READY"
        assert await thread_rows(database, thread_id) == undisturbed


@pytest.mark.slow
async def test_a_batch_too_large_in_characters_is_cut_and_seeds_the_same_thread(database: Database) -> None:
    messages = [message for _ in range(3) for message in (user("x" * 3_000_000), assistant("Done."))]
    thread_id = await resume(database, await save(database, zagens("large", messages=messages)))
    batches: list[int] = []

    async def note(number: int) -> None:
        batches.append(number)

    with before_batches(database, note):
        task = await seed(database, thread_id)
    assert task.state == "READY"
    assert len(batches) > 1
    assert len((await thread_rows(database, thread_id)).items) == len(messages)


@pytest.mark.slow
async def test_a_message_of_many_blocks_is_cut_into_batches_and_seeds_the_same_thread(database: Database) -> None:
    blocks = [block for number in range(30) for block in (text(f"Step {number}"), tool_use(f"t{number}"))]
    messages = [user("Go"), assistant(*blocks), user(*(tool_result(f"t{number}", "ok") for number in range(30)))]
    undisturbed = await seeded(database, zagens("undisturbed", messages=messages))
    for size in (1, 7, 59, 60, 61):
        thread_id = await resume(database, await save(database, zagens(f"many{size}", messages=messages)))
        batches: list[int] = []

        async def note(number: int, batches: list[int] = batches) -> None:
            batches.append(number)

        with before_batches(database, note):
            task = await seed(database, thread_id, Seeder(database, batch_messages=1, items_a_message=size))
        assert task.state == "READY"
        assert len(batches) >= 61 // size
        assert await thread_rows(database, thread_id) == undisturbed
