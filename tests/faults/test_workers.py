"""`reprise serve --workers`: several processes behind one address, on PostgreSQL."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import httpx2
import pytest

from storage.database.database import Database
from tests.support.client import Client
from tests.support.documents import assistant, codewhale, user
from tests.support.process import PATIENCE, program, seeding_program
from tests.support.resumes import resumed
from tests.support.seeding import counts, save, task_of

TURNS = 1_000
REPRISE = Path(sys.executable).with_name("reprise")
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


async def answering_worker(client: Client) -> int:
    """The process id of the worker that answers a request on a new connection."""
    response = await client.http.get("/metrics", headers={"connection": "close"})
    assert response.status_code == 200
    return int(re.findall(r'^reprise_open_sockets\{worker="(\d+)"\} ', response.text, re.MULTILINE)[0])


async def workers(client: Client, is_enough: Callable[[set[int]], bool]) -> set[int]:
    """Send requests until the workers that answered satisfy `is_enough`; return their process ids."""
    seen: set[int] = set()
    async with asyncio.timeout(PATIENCE):
        while not is_enough(seen):
            # Concurrent requests, so that one idle worker does not take them all.
            seen.update(await asyncio.gather(*(answering_worker(client) for _ in range(8))))
            # Leave CPU time to workers that are starting.
            await asyncio.sleep(0.05)
    return seen


async def eventually(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await is_so():  # noqa: ASYNC110 - other processes and tables have no event
            await asyncio.sleep(0.05)


async def wait_for_exit(*processes: int) -> None:
    """Return when none of the processes runs."""

    async def have_exited() -> bool:
        return not any(_runs(process) for process in processes)

    await eventually(have_exited)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


async def has_more(database: Database, thread_id: str, items: int) -> bool:
    return (await task_of(database, thread_id)).items_written > items


async def is_ready(database: Database, thread_id: str) -> bool:
    return (await task_of(database, thread_id)).state == "READY"


async def test_terminated_workers_and_seeders_release_their_tasks_at_once(database_url: str) -> None:
    messages = [
        message for number in range(TURNS) for message in (user(f"Ask {number}"), assistant(f"It is {number}."))
    ]
    async with Database(database_url) as database:
        await save(database, codewhale("long", messages=messages))
        # A process that waited for this lease to expire would not finish within the test.
        async with program(database_url, workers=2, seed_batch=1, lease_seconds=600) as serving:
            both = await workers(serving.client, lambda seen: len(seen) == 2)
            task = await resumed(serving.client, "long")
            await eventually(partial(has_more, database, task["threadId"], 0))
            assert await serving.terminate() == 0
            await wait_for_exit(*both)
        items = (await task_of(database, task["threadId"])).items_written

        async with seeding_program(database_url, seed_batch=1, lease_seconds=600) as seeding:
            await eventually(partial(has_more, database, task["threadId"], items))
            seeding.terminate()
            assert await seeding.wait() == 0
        assert items < (await task_of(database, task["threadId"])).items_written < 2 * TURNS

        async with seeding_program(database_url, lease_seconds=600) as seeding:
            await eventually(partial(is_ready, database, task["threadId"]))
            seeding.terminate()
            assert await seeding.wait() == 0
        assert await counts(database, task["threadId"]) == (2 * TURNS, 2 * TURNS)


async def test_workers_are_replaced_when_killed_and_on_sighup_and_exit_with_their_supervisor(
    database_url: str,
) -> None:
    async with program(database_url, workers=2) as serving:
        first = await workers(serving.client, lambda seen: len(seen) == 2)
        victim = first.pop()
        os.kill(victim, signal.SIGKILL)

        second = await workers(serving.client, lambda seen: len(seen - {victim}) == 2) - {victim}
        assert first < second

        serving.process.send_signal(signal.SIGHUP)
        # `workers` fails if any request fails meanwhile.
        third = await workers(serving.client, lambda seen: len(seen - second) == 2) - second
        await wait_for_exit(*second)

        await serving.kill()

        async def is_refused() -> bool:
            try:
                await answering_worker(serving.client)
            except httpx2.TransportError as error:
                return isinstance(error, httpx2.ConnectError)
            return False

        await eventually(is_refused)
        await wait_for_exit(*third)


def test_the_supervisor_fails_when_its_workers_cannot_start(database_url: str) -> None:
    ended = subprocess.run(
        [REPRISE, "serve", "--port", "0", "--workers", "2"],
        env={**os.environ, "REPRISE_DATABASE_URL": database_url, "OTEL_TRACES_EXPORTER": "zipkin"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert ended.returncode == 3
    assert "zipkin is not one of otlp, console, none" in ended.stderr
    assert "Listening on" not in ended.stderr
