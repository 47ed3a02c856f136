"""A server that stops waits for no import, whatever its size: the import may itself wait for another writer."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest
import sqlalchemy as sa
from httpx2 import Response

from storage.database.database import Database
from tests.support.client import Client
from tests.support.documents import text, user, zagens
from tests.support.server import serving

# Requests otherwise have 30 seconds.
SOON = 10
IMPORT = "mutation ($input: ImportSessionInput!) { importSession(input: $input) { outcome } }"


async def keep_writers_waiting(database: Database, until: asyncio.Event) -> None:
    async with database.write() as transaction:
        if not database.is_sqlite:
            await transaction.execute(sa.text("LOCK TABLE session"))
        await until.wait()


@pytest.mark.parametrize("words", [1, 10_000, 400_000])
async def test_an_import_that_waits_for_another_writer_ends_when_the_server_stops(
    database_url: str, words: int
) -> None:
    document = zagens("s", messages=[user(text("word " * words))])
    body = {"query": IMPORT, "variables": {"input": {"document": document}}}
    is_answered = asyncio.Event()
    async with AsyncExitStack() as stack:
        async with serving(database_url, seed=False) as server:
            writer = asyncio.create_task(keep_writers_waiting(server.app.state.database, is_answered))
            client = await stack.enter_async_context(Client(server.url))
            request: asyncio.Task[Response] = asyncio.create_task(client.http.post("/graphql", json=body))
            request.add_done_callback(lambda _: is_answered.set())
            await asyncio.sleep(1)
            assert not request.done()
            began = time.monotonic()
        assert time.monotonic() - began < SOON
        response = await request
        await writer

    assert response.status_code == 503
    assert response.json()["errors"][0]["message"] == "The server is stopping."
