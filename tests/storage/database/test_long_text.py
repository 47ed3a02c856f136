"""Long messages, which SQLite stores compressed."""

from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.message import message
from storage.doctor.doctor import examine
from storage.documents.formats import read_document
from storage.documents.imports import import_document
from storage.errors import Unreadable
from storage.json_codec import load, storable
from storage.records.message import messages_at
from storage.stored_values import LONG
from tests.support.documents import user, zagens

# The last is decompressed in a thread.
TEXTS = ["short", "x" * LONG, "näher 日本 " * LONG, "y" * 20, "z" * 2**20]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as opened:
        await import_document(opened, read_document(storable(zagens("s", messages=[user(text) for text in TEXTS]))))
        yield opened


async def read(database: Database) -> list[str]:
    rows = await messages_at(database, [("s", position) for position in range(len(TEXTS))])
    return [rows["s", position].text() for position in range(len(TEXTS))]


async def test_long_messages_are_read_as_they_were_written(database: Database) -> None:
    assert await read(database) == TEXTS
    async with database.snapshot() as connection:
        contents = list((await connection.execute(sa.select(message.c.content).order_by(message.c.position))).scalars())
        assert [load(content)[0]["text"] for content in contents] == TEXTS
        statement = sa.text("SELECT length(CAST(content AS BLOB)) FROM message ORDER BY position")
        if database.is_sqlite:
            sizes = list((await connection.execute(statement)).scalars())
            assert [size < LONG / 10 for size in sizes] == [True] * len(TEXTS)
    assert [finding async for finding in examine(database)] == []


async def test_a_long_message_that_is_damaged_is_unreadable(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL compresses values itself")
    async with database.write() as transaction:
        await transaction.execute(sa.text("UPDATE message SET content = substr(content, 1, 20) WHERE position = 1"))
    with pytest.raises(Unreadable):
        await read(database)
    assert [finding.is_repaired async for finding in examine(database)] == [False]


async def test_an_update_stores_long_texts_too(database: Database) -> None:
    async with database.write() as transaction:
        text = f'[{{"type":"text","text":"{"z" * LONG}"}}]'
        await transaction.execute(
            sa.update(message).where(message.c.position == 0).values(content=text, size=len(text))
        )
    assert (await read(database))[0] == "z" * LONG
