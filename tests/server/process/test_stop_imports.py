"""Imports that take long: they end with their request, keep no other writer waiting, and do not delay SIGTERM."""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from httpx2 import Response

from tests.server.process.test_stop import ended, serving
from tests.support.client import Client
from tests.support.documents import user, zagens
from tests.support.http import JSON
from tests.support.resumes import save

IMPORT = "mutation ($input: ImportSessionInput!) { importSession(input: $input) { outcome } }"
RENAME = "mutation ($input: UpdateSessionInput!) { updateSession(input: $input) { session { title } } }"
# Indexing them takes longer than ten seconds.
WORDS = 2_500_000
SOON = 5
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def slow_import() -> bytes:
    """An import whose words are all different, which makes it as slow as one of its size can be."""
    letters = ("".join(letters) for letters in itertools.product("bcdfghjklmnpqrst", repeat=6))
    texts = (" ".join(itertools.islice(letters, WORDS // 10)) for _ in range(10))
    document = zagens("slow", messages=[user(text) for text in texts])
    return json.dumps({"query": IMPORT, "variables": {"input": {"document": document}}}).encode()


@asynccontextmanager
async def importing(url: str, body: bytes) -> AsyncIterator[asyncio.Task[int]]:
    """The status of an import, which has begun."""
    async with Client(url) as client:
        request = asyncio.create_task(client.http.post("/graphql", content=body, headers=JSON, timeout=120))
        await asyncio.sleep(2)
        assert not request.done()
        yield asyncio.create_task(status(request))
        request.cancel()


async def status(request: asyncio.Task[Response]) -> int:
    return (await request).status_code


async def test_an_import_keeps_no_other_writer_waiting_and_ends_with_its_request(
    database_url: str, slow_import: bytes
) -> None:
    async with serving(database_url) as (process, url), Client(url) as client:
        session_id = await save(client, zagens("s1", messages=[user("Ask")]))
        for moment in ("during", "after"):
            async with importing(url, slow_import):
                if moment == "during":
                    await renamed_soon(client, session_id)
            await renamed_soon(client, session_id)
        seconds, said = await ended(process)

    assert seconds < SOON
    assert "Traceback" not in said


async def renamed_soon(client: Client, session_id: str) -> None:
    began = time.monotonic()
    answer = await client.data(RENAME, input={"sessionId": session_id, "title": f"At {began}"})

    assert answer["updateSession"]["session"]["title"] == f"At {began}"
    assert time.monotonic() - began < SOON


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_sigterm_is_not_delayed_by_an_import(database_url: str, slow_import: bytes) -> None:
    async with serving(database_url) as (process, url), importing(url, slow_import) as outcome:
        seconds, said = await ended(process)

        assert await outcome == 503
    assert seconds < SOON
    assert "Traceback" not in said
