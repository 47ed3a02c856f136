"""Importing many documents at once has the same result as importing one after another."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from storage.cancellation import run_in_cancellable_thread
from storage.database.database import Database
from storage.doctor.doctor import examine
from storage.documents import imports
from storage.documents.document import Document
from storage.documents.exports import export_document
from storage.documents.formats import read_document
from storage.documents.imports import import_document, import_documents
from storage.documents.outcomes import CREATED, OUTDATED, UNCHANGED, UPDATED
from storage.json_codec import storable
from tests.support.documents import user, zagens


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as opened:
        yield opened


def document(id: str, *texts: str) -> Document:
    return read_document(storable(zagens(id, messages=[user(text) for text in texts])))


async def texts(database: Database, id: str) -> list[str]:
    exported = await export_document(database, id)
    assert exported is not None
    messages = exported["messages"]
    assert isinstance(messages, list)
    return [block["text"] for message in messages for block in message["content"]]


async def is_healthy(database: Database) -> bool:
    return [finding async for finding in examine(database)] == []


async def test_new_unchanged_longer_and_changed_documents_in_one_call(database: Database) -> None:
    for id in ("same", "longer", "changed"):
        await import_document(database, document(id, "one", "two"))

    results = await import_documents(
        database,
        [
            document("z", "new"),
            document("longer", "one", "two", "three"),
            document("same", "one", "two"),
            document("a", "also new"),
            document("changed", "other"),
            document("empty"),
        ],
    )

    assert results == [CREATED, UPDATED, UNCHANGED, CREATED, UPDATED, CREATED]
    assert await texts(database, "z") == ["new"]
    assert await texts(database, "a") == ["also new"]
    assert await texts(database, "longer") == ["one", "two", "three"]
    assert await texts(database, "changed") == ["other"]
    assert await is_healthy(database)


async def test_of_several_documents_of_one_session_the_newest_stays(database: Database) -> None:
    await import_document(database, document("stored", "one"))

    results = await import_documents(
        database,
        [
            document("new", "one"),
            document("stored", "other"),
            document("new", "one", "two"),
            document("new", "one", "two"),
            document("stored", "one"),
        ],
    )

    assert results == [CREATED, UPDATED, UPDATED, UNCHANGED, OUTDATED]
    assert await texts(database, "new") == ["one", "two"]
    assert await texts(database, "stored") == ["other"]
    assert await is_healthy(database)


@pytest.mark.slow
async def test_concurrent_imports_in_opposite_orders_save_each_session_once(
    database: Database, database_url: str
) -> None:
    documents = [document(f"s{number}", "one", "two") for number in range(50)]

    async with Database(database_url) as other:
        for start in range(0, 50, 10):
            some = documents[start : start + 10]
            first, second = await asyncio.gather(
                import_documents(database, some), import_documents(other, list(reversed(some)))
            )
            # The second import found the sessions, or waited for the first to commit.
            assert sorted(zip(first, reversed(second), strict=True)) in (
                [(CREATED, UNCHANGED)] * 10,
                [(UNCHANGED, CREATED)] * 10,
            )

    assert await is_healthy(database)


async def test_importing_nothing_returns_nothing(database: Database) -> None:
    assert await import_documents(database, []) == []


@pytest.mark.slow
@pytest.mark.parametrize("is_stored", [True, False])
@pytest.mark.parametrize("count", [1, 3])
async def test_no_lock_is_held_while_drafts_are_made_again_as_another_writer_came_first(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch, is_stored: bool, count: int
) -> None:
    if is_stored:
        await import_document(database, document("s0", "one"))
    texts_of = ["one", "two", "three", "four", "five"]
    draft = run_in_cancellable_thread
    others = 0

    async with Database(database_url) as other:

        async def draft_late(*arguments: Any) -> Any:
            nonlocal others
            if others < 3:
                others += 1
                monkeypatch.setattr(imports, "run_in_cancellable_thread", draft)
                async with asyncio.timeout(5):
                    await import_document(other, document("s0", *texts_of[: 1 + others]))
                monkeypatch.setattr(imports, "run_in_cancellable_thread", draft_late)
            return await draft(*arguments)

        monkeypatch.setattr(imports, "run_in_cancellable_thread", draft_late)
        documents = [document("s0", *texts_of), *(document(f"s{number}", "one") for number in range(1, count))]
        results = await import_documents(database, documents)

    assert results == [UPDATED] + [CREATED] * (count - 1)
    assert others > 1
    assert await texts(database, "s0") == texts_of
    assert await is_healthy(database)
