"""Many subscribers of one resume: a small form of what `tests.speed.sockets` measures."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from storage.database.database import Database
from storage.resume.seeding.seeder import Seeder
from tests.speed.sockets import follow, import_long, resume
from tests.support.raw_socket import greeted
from tests.support.seeding import running
from tests.support.server import Served

Serve = Callable[..., Awaitable[Served]]
ITEMS, SUBSCRIBERS = 1_000, 50


async def test_all_subscribers_see_rising_revisions_and_the_whole_thread(serve: Serve, database_url: str) -> None:
    await import_long(database_url, ITEMS)
    server = await serve(seed=False)
    database: Database = server.app.state.database
    thread_id = await resume(server.client)
    async with AsyncExitStack() as sockets:
        following, all_subscribed = [], []
        for _ in range(SUBSCRIBERS):
            all_subscribed.append(asyncio.Event())
            socket = await sockets.enter_async_context(greeted(server.url))
            following.append(asyncio.create_task(follow(socket, thread_id, all_subscribed[-1])))
        for subscribed in all_subscribed:
            await subscribed.wait()
        assert server.app.state.streams.subscriptions == SUBSCRIBERS
        async with running(Seeder(database, batch_messages=40)):
            every = await asyncio.gather(*following)

    assert {received[-1].items_written for received in every} == {ITEMS}
    assert all(len(received) > 2 for received in every)
    async with asyncio.timeout(30):
        while server.app.state.streams.open:  # noqa: ASYNC110 - a counter tells nobody that it has changed
            await asyncio.sleep(0.01)
    assert server.app.state.streams.subscriptions == 0
    assert not database.bus._waiters
