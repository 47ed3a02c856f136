"""SIGTERM: every websocket and every stream is notified, nothing is left running, and the process ends soon."""

import asyncio
import os
import re
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from graphql import get_introspection_query

from tests.support.client import Client
from tests.support.deaf import deaf_websocket
from tests.support.documents import user, zagens
from tests.support.event_stream import event_stream
from tests.support.multipart import STOPPING, streamed
from tests.support.process import PATIENCE, address
from tests.support.raw_socket import greeted, opened
from tests.support.resumes import WATCH, resumed, save

# Far less than the ten seconds that requests have to end.
SOON = 5
WRONG = re.compile("Traceback|ERROR|WARNING|Warning|destroyed|never retrieved|never awaited")


@asynccontextmanager
async def serving(database_url: str) -> AsyncIterator[tuple[Process, str]]:
    """A server process whose resumes stay queued, and its address."""
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-W",
            "default",
            Path(sys.executable).with_name("reprise"),
            "serve",
            "--port",
            "0",
            "--no-seed",
        ),
        env={**os.environ, "REPRISE_DATABASE_URL": database_url},
        stderr=PIPE,
    )
    try:
        yield process, await address(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ended(process: Process) -> tuple[float, str]:
    """How long it took to end well, and what it said. Fails if it did not end well."""
    began = time.monotonic()
    process.terminate()
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE):
        said = await process.stderr.read()
        assert await process.wait() == 0
    return time.monotonic() - began, said.decode()


async def queued(client: Client) -> str:
    """A thread whose subscriptions stay open."""
    thread_id: str = (await resumed(client, await save(client, zagens("s1", messages=[user("Ask")]))))["threadId"]
    return thread_id


@pytest.mark.slow
async def test_all_clients_are_notified_and_nothing_is_left_running(database_url: str) -> None:
    async with AsyncExitStack() as clients, serving(database_url) as (process, url):
        client = await clients.enter_async_context(Client(url))
        thread_id = await queued(client)
        watching = [await clients.enter_async_context(greeted(url)) for _ in range(20)]
        for socket in watching:
            for id in ("1", "2"):
                await socket.subscribe(id, WATCH, threadId=thread_id)
                assert (await socket.receive())["type"] == "next"
        idle = await clients.enter_async_context(greeted(url))
        ungreeted = await clients.enter_async_context(opened(url))
        stream = await clients.enter_async_context(streamed(client.http, WATCH, {"threadId": thread_id}))
        assert (await stream.payload())["data"]["resumeTask"]["state"] == "QUEUED"
        events = await clients.enter_async_context(event_stream(client.http, WATCH, {"threadId": thread_id}))
        assert (await events.result())["data"]["resumeTask"]["state"] == "QUEUED"

        seconds, said = await ended(process)

        for socket in (*watching, idle, ungreeted):
            assert await socket.closed() == (1012, "Service restart")
        assert await stream.parts() == [STOPPING]
        assert stream.is_whole
        # Without `complete`, so that clients subscribe again.
        assert await events.events() == [("next", {"errors": STOPPING["errors"]})]
        assert events.is_whole
        assert seconds < SOON
        assert not WRONG.search(said), said


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_clients_that_do_not_read_are_not_waited_for(database_url: str) -> None:
    async with AsyncExitStack() as clients, serving(database_url) as (process, url):
        introspection = get_introspection_query()
        for _ in range(2):
            client = await clients.enter_async_context(deaf_websocket(url))
            for id in range(10):
                payload = {"query": introspection}
                await client.send_message({"id": str(id), "type": "subscribe", "payload": payload})
        await asyncio.sleep(1)

        seconds, said = await ended(process)

        assert seconds < SOON
        assert not WRONG.search(said), said
