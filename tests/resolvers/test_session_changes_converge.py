"""A list that is loaded page by page and kept up to date by the subscription ends as one that is loaded again."""

import asyncio
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.database.database import Database
from storage.documents.formats import read_document
from storage.documents.imports import import_documents
from tests.conftest import Serve
from tests.support.changes import PATIENCE, Row, apply, changes, read_list
from tests.support.documents import user, zagens
from tests.support.examples import examples
from tests.support.server import Served
from tests.support.stored_sessions import delete_session, update_session

IDS = [f"s{number}" for number in range(12)]
WRITERS = 4
CHANGES = 10


@pytest.fixture
async def servers(serve: Serve, database_url: str) -> list[Served]:
    """Two servers of one database, or one where the database allows no more."""
    count = 1 if database_url.startswith("sqlite") else 2
    return [await serve(seed=False) for _ in range(count)]


async def write(database: Database, chance: random.Random) -> None:
    """Change random sessions."""
    for number in range(CHANGES):
        id = chance.choice(IDS)
        match chance.randrange(6):
            case 0:
                await delete_session(database, id)
            case 1 | 2:
                clock = f"2026-07-01T00:00:{chance.randrange(60):02}Z"
                messages = [user(f"{number}")] * chance.randint(0, 3)
                chosen = chance.sample(IDS, chance.randint(1, 5))
                documents = [zagens(id, messages=messages, updated_at=clock) for id in chosen]
                await import_documents(database, [read_document(document) for document in documents])
            case _:
                title = f"Title {chance.random()}"
                await update_session(database, id, title, chance.choice([None, True, False]))


async def follow(server: Served, size: int, pause: float, last: str) -> dict[str, Row]:
    """The list that a client holds when it has received the change of the last session."""
    rows, seq = await read_list(server.client, size)
    async with changes(server.client, since=seq) as stream:
        while last not in rows:
            change = await stream.next()
            assert change["seq"] > seq
            seq = change["seq"]
            apply(change, rows)
            await asyncio.sleep(pause)
    return rows


_numbers = itertools.count()


@pytest.mark.slow
@given(seed=st.integers(0, 2**32), size=st.sampled_from([1, 3, 50]), pause=st.sampled_from([0.0, 0.01]))
@examples(6)
async def test_a_followed_list_equals_a_fresh_one_after_changes_by_several_processes(
    servers: list[Served], database_url: str, seed: int, size: int, pause: float
) -> None:
    chance = random.Random(seed)
    last = f"last-{next(_numbers)}"
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as followers:
        following = [followers.create_task(follow(server, size, pause, last)) for server in servers * 2]
        async with Database(database_url, listens=False) as elsewhere:
            databases = [elsewhere, *(server.app.state.database for server in servers)]
            async with asyncio.TaskGroup() as writers:
                for number in range(WRITERS):
                    writers.create_task(write(databases[number % len(databases)], random.Random(chance.random())))
            await import_documents(elsewhere, [read_document(zagens(last))])
    fresh, _ = await read_list(servers[0].client, 500)
    assert all(task.result() == fresh for task in following)
