"""Importing many documents at once has the same result as importing one after another."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from storage.database.database import Database
from storage.doctor.doctor import examine
from storage.documents.document import Document
from storage.documents.exports import export_document
from storage.documents.formats import read_document
from storage.documents.imports import CREATED, OUTDATED, UNCHANGED, UPDATED, import_document, import_documents
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
