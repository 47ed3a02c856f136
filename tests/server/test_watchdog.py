"""The watchdogs of the tests notice work that holds the event loop, and nothing else.

One watches every server in a test's event loop, the other is for tests of long work.
"""

import asyncio
import time
from collections.abc import Coroutine
from functools import partial
from typing import Any

import pytest

import resolvers.session
from server.process.connection import HttpConnection
from tests.conftest import Serve
from tests.support.server import serving
from tests.support.server_steps import most_seconds
from tests.support.watchdog import LoopHeld, LoopWatchdog, check_loop_is_free


def spin(seconds: float) -> None:
    """Use so much CPU time."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


async def watched(*steps: Coroutine[Any, Any, None]) -> None:
    """Run coroutines at once under a watchdog."""
    with LoopWatchdog(0.05):
        await asyncio.sleep(0.02)
        await asyncio.gather(*steps)
        await asyncio.sleep(0.02)


async def test_it_fails_and_names_the_code_that_held_the_loop() -> None:
    async def hold() -> None:
        spin(0.3)

    with pytest.raises(LoopHeld, match="in spin"):
        await watched(hold())


async def test_it_counts_many_callbacks_of_one_iteration() -> None:
    async def step() -> None:
        spin(0.02)

    with pytest.raises(LoopHeld):
        await watched(*(step() for _ in range(15)))


async def test_it_allows_waiting_short_steps_and_other_threads() -> None:
    with LoopWatchdog(0.05) as watchdog:
        for _ in range(20):
            spin(0.005)
            await asyncio.sleep(0.001)
        # A frozen loop uses no CPU time, as on a machine that is busy with other things.
        time.sleep(0.2)  # noqa: ASYNC251
        await asyncio.to_thread(spin, 0.2)

    assert 0 < watchdog.longest <= 0.055


@pytest.mark.slow
async def test_a_step_that_holds_the_loop_once_passes_and_one_that_always_does_fails() -> None:
    runs: list[int] = []

    async def hold_until(last: int, run: int) -> None:
        runs.append(run)
        await asyncio.sleep(0.02)
        if run <= last:
            spin(0.3)
        await asyncio.sleep(0.02)

    await check_loop_is_free(partial(hold_until, 1))
    with pytest.raises(LoopHeld, match="in spin"):
        await check_loop_is_free(partial(hold_until, 3))

    assert runs == [1, 2, 1, 2, 3]


LIST = "{ sessions { totalCount } }"


def hold() -> None:
    """Hold the loop for too long, even if the machine is several times slower than it should be."""
    spin(6 * most_seconds())


async def hold_in_resolver(*_: object, **_arguments: object) -> None:
    hold()
    await asyncio.sleep(0)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_server_whose_resolver_holds_the_loop_fails_its_test(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolvers.session, "session_page", hold_in_resolver)
    with pytest.raises(LoopHeld, match="RequestResponseCycle"):
        async with serving(database_url, seed=False) as server:
            await server.client.execute(LIST)


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_server_whose_connection_holds_the_loop_fails_its_test(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    received = HttpConnection.data_received

    def receive_slowly(connection: HttpConnection, data: bytes) -> None:
        hold()
        received(connection, data)

    monkeypatch.setattr(HttpConnection, "data_received", receive_slowly)
    with pytest.raises(LoopHeld, match="data_received"):
        async with serving(database_url, seed=False) as server:
            await server.client.execute(LIST)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_server_may_wait_and_a_test_may_work(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait(*_: object, **_arguments: object) -> None:
        time.sleep(0.2)  # noqa: ASYNC251 - as on a machine that is busy with other things
        await asyncio.to_thread(spin, 0.2)

    monkeypatch.setattr(resolvers.session, "session_page", wait)
    server = await serve(seed=False)
    spin(0.2)
    await server.client.execute(LIST)
