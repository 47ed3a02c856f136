"""Concurrent resumes of a session, also from several processes, create one thread and one task."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa

from storage.database.tables.resume_task import resume_task
from storage.database.tables.thread import thread
from tests.support.documents import assistant, user, zagens
from tests.support.resumes import Payload, cancel, follow, resume, save
from tests.support.server import Served

Serve = Callable[..., Awaitable[Served]]

RESUMES = 20
DOCUMENT = zagens("s1", messages=[user("Why?"), assistant("Because.")])
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


async def rows(server: Served) -> tuple[int, int]:
    """The numbers of threads and tasks in the database."""
    async with server.app.state.database.snapshot() as connection:
        counts = [
            (await connection.execute(sa.select(sa.func.count()).select_from(table))).scalar_one()
            for table in (thread, resume_task)
        ]
    return counts[0], counts[1]


async def check_one_thread(payloads: list[Payload], server: Served) -> None:
    assert [payload["userErrors"] for payload in payloads] == [[]] * len(payloads)
    assert len({payload["resumeTask"]["threadId"] for payload in payloads}) == 1
    assert sorted(payload["isReused"] for payload in payloads) == [False] + [True] * (len(payloads) - 1)
    assert await rows(server) == (1, 1)
    states = await follow(server.client, payloads[0]["resumeTask"]["threadId"])
    assert (states[-1]["state"], states[-1]["attempt"]) == ("READY", 1)


@pytest.mark.parametrize("seed", [True, False])
async def test_concurrent_resumes_give_one_thread(serve: Serve, seed: bool) -> None:
    server = await serve(seed=seed)
    await save(server.client, DOCUMENT)
    payloads = await asyncio.gather(*(resume(server.client, "s1") for _ in range(RESUMES)))
    await check_one_thread(payloads, server if seed else await serve())


@pytest.mark.slow
@on_postgresql
async def test_concurrent_resumes_at_two_servers_give_one_thread(serve: Serve) -> None:
    servers = [await serve(), await serve()]
    await save(servers[0].client, DOCUMENT)
    payloads = await asyncio.gather(*(resume(servers[number % 2].client, "s1") for number in range(RESUMES)))
    await check_one_thread(payloads, servers[0])


@on_postgresql
async def test_concurrent_resumes_of_a_canceled_task_start_one_attempt(serve: Serve) -> None:
    servers = [await serve(seed=False), await serve(seed=False)]
    await save(servers[0].client, DOCUMENT)
    first = (await resume(servers[0].client, "s1"))["resumeTask"]
    canceled = (await cancel(servers[0].client, first["threadId"]))["resumeTask"]
    payloads = await asyncio.gather(*(resume(servers[number % 2].client, "s1") for number in range(RESUMES)))
    assert {payload["isReused"] for payload in payloads} == {True}
    assert {(payload["resumeTask"]["attempt"], payload["resumeTask"]["revision"]) for payload in payloads} == {
        (2, canceled["revision"] + 1)
    }


@pytest.mark.slow
async def test_concurrent_resumes_of_many_sessions_give_a_thread_each(server: Served) -> None:
    ids = [await save(server.client, zagens(f"s{number}", messages=[user("Hi")])) for number in range(8)]
    payloads = await asyncio.gather(*(resume(server.client, id) for id in ids * 3))
    assert len({payload["resumeTask"]["threadId"] for payload in payloads}) == len(ids)
    assert sum(not payload["isReused"] for payload in payloads) == len(ids)
    assert await rows(server) == (len(ids), len(ids))
    for payload in payloads[: len(ids)]:
        assert (await follow(server.client, payload["resumeTask"]["threadId"]))[-1]["state"] == "READY"
