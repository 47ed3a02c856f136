"""A server that stops waits for no import, whatever its size: the import may itself wait for another writer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import sqlalchemy as sa
from httpx2 import Response

from storage.database.database import Database
from tests.support.client import Client
from tests.support.documents import text, user, zagens
from tests.support.server import Served, serving

IMPORT = "mutation ($input: ImportSessionInput!) { importSession(input: $input) { outcome } }"


@asynccontextmanager
async def another_writer(server: Served, database_url: str) -> AsyncIterator[None]:
    """Keeps the server's writers waiting within the block."""
    database: Database = server.app.state.database
    if database._writer is not None:
        async with database._writer:
            yield
        return
    async with Database(database_url) as other, other.write() as transaction:
        await transaction.execute(sa.text("LOCK TABLE session"))
        yield


@pytest.mark.slow
@pytest.mark.parametrize("words", [1, 10_000, 400_000])
async def test_an_import_that_waits_for_another_writer_ends_when_the_server_stops(
    database_url: str, words: int
) -> None:
    document = zagens("s", messages=[user(text("word " * words))])
    body = {"query": IMPORT, "variables": {"input": {"document": document}}}
    async with AsyncExitStack() as stack:
        async with serving(database_url, seed=False) as server:
            await stack.enter_async_context(another_writer(server, database_url))
            client = await stack.enter_async_context(Client(server.url))
            request: asyncio.Task[Response] = asyncio.create_task(client.http.post("/graphql", json=body))
            await asyncio.sleep(1)
            assert not request.done()
        # The server has waited for the request.
        response = await request

    assert response.status_code == 503
    assert response.json()["errors"][0]["message"] == "The server is stopping."
