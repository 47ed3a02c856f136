"""Subscriptions to a task that another process seeds, also while notifications are lost."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest
import sqlalchemy as sa

import storage.database.listener
from storage.database.database import Database
from storage.resume.seeding.seeder import Seeder
from tests.conftest import Serve
from tests.support import seeding
from tests.support.documents import Document, assistant, user, zagens
from tests.support.followers import LOG
from tests.support.resumes import follow, resumed, save
from tests.support.seeding import PATIENCE, before_batches, running
from tests.support.server import Served

TURNS = 20
EVENTS = 2 * TURNS + 2
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def dialogue() -> Document:
    messages = [message for number in range(TURNS) for message in (user(f"Ask {number}"), assistant("Answer"))]
    return zagens("s1", messages=messages)


@pytest.fixture
async def here(serve: Serve) -> Served:
    """The server of the subscribers."""
    return await serve(seed=False)


@pytest.fixture
async def there(serve: Serve) -> Database:
    """The database as another process opens it, with a bus of its own."""
    database: Database = (await serve(seed=False)).app.state.database
    return database


async def read_log(here: Served, thread_id: str) -> list[int]:
    """The sequence numbers of all events."""
    async with aclosing(here.client.subscribe(LOG, {"threadId": thread_id, "sinceSeq": 0})) as payloads:
        return [(await anext(payloads))["data"]["threadEvents"]["seq"] for _ in range(EVENTS)]


async def heard(whoever: list["asyncio.Task[Any]"]) -> list[Any]:
    async with asyncio.timeout(PATIENCE):
        return await asyncio.gather(*whoever)


@pytest.mark.slow
async def test_no_event_is_lost_or_doubled_when_readers_join_while_another_process_writes(
    here: Served, there: Database
) -> None:
    thread_id = (await resumed(here.client, await save(here.client, dialogue())))["threadId"]
    readers: list[asyncio.Task[Any]] = []

    async def join(number: int) -> None:
        readers.append(asyncio.create_task(read_log(here, thread_id)))
        await asyncio.sleep(0)

    with before_batches(there, join):
        async with running(Seeder(there, batch_messages=1)):
            await seeding.final_state(there, thread_id)
    assert len(readers) >= 2 * TURNS
    assert all(seqs == list(range(1, EVENTS + 1)) for seqs in await heard(readers))


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0, 0.5], ids=["at once", "late"])
async def test_no_event_is_lost_or_doubled_when_the_listener_reconnects(
    here: Served, there: Database, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.database.listener, "RECONNECT_SECONDS", seconds)
    thread_id = (await resumed(here.client, await save(here.client, dialogue())))["threadId"]
    ended = 0

    async def end_listeners(number: int) -> None:
        nonlocal ended
        if number % 8 == 0:
            async with there.snapshot() as connection:
                ended += len((await connection.execute(_end_listeners)).all())

    readers = [asyncio.create_task(read_log(here, thread_id)) for _ in range(5)]
    followers = [asyncio.create_task(follow(here.client, thread_id)) for _ in range(5)]
    await wait_until(lambda: here.app.state.database.bus.waiters(f"task:{thread_id}") == 10)
    with before_batches(there, end_listeners):
        async with running(Seeder(there, batch_messages=1)):
            await seeding.final_state(there, thread_id)
    assert ended >= 2
    assert all(seqs == list(range(1, EVENTS + 1)) for seqs in await heard(readers))
    assert {states[-1]["state"] for states in await heard(followers)} == {"READY"}


_end_listeners = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND query ILIKE 'LISTEN %' AND pid <> pg_backend_pid()"
)


async def wait_until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not is_so():  # noqa: ASYNC110 - the bus tells nobody who waits
            await asyncio.sleep(0.01)
