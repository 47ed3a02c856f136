"""All requests share one set of loaders: a cancelled request does not affect others."""

import asyncio
import gc
from collections.abc import Awaitable

import pytest

from resolvers.batch_loader import BatchLoader

PATIENCE = 60


class Reading:
    """A loader's read, which returns when the test says so."""

    def __init__(self) -> None:
        self.cancelled = 0
        self.begun = asyncio.Event()
        self.end = asyncio.Event()

    async def __call__(self, keys: list[str]) -> list[str]:
        self.begun.set()
        try:
            await self.end.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return [key.upper() for key in keys]


async def request(loading: Awaitable[str]) -> str:
    return await loading


async def cancelled(task: asyncio.Task[str]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("ticks", range(4))
async def test_a_cancelled_request_does_not_fail_others_of_its_batch(ticks: int) -> None:
    reading = Reading()
    loader: BatchLoader[str, str] = BatchLoader(reading)
    first, second = (asyncio.create_task(request(loader.load(key))) for key in "ab")
    for _ in range(ticks):
        await asyncio.sleep(0)

    await cancelled(first)
    reading.end.set()

    async with asyncio.timeout(PATIENCE):
        assert await second == "B"
    assert reading.cancelled == 0


async def test_a_read_is_cancelled_when_all_its_requests_are() -> None:
    reading = Reading()
    loader: BatchLoader[str, str] = BatchLoader(reading)
    requests = [asyncio.create_task(request(loader.load(key))) for key in "ab"]
    await reading.begun.wait()

    for task in requests:
        await cancelled(task)
    await asyncio.sleep(0)

    assert reading.cancelled == 1


@pytest.mark.parametrize("before", range(5))
@pytest.mark.parametrize("after", range(5))
async def test_a_request_that_joins_while_all_others_are_cancelled_is_answered(before: int, after: int) -> None:
    reading = Reading()
    reading.end.set()
    loader: BatchLoader[str, str] = BatchLoader(reading)
    first = loader.load("a")
    for _ in range(before):
        await asyncio.sleep(0)
    assert isinstance(first, asyncio.Future)
    first.cancel()
    for _ in range(after):
        await asyncio.sleep(0)

    async with asyncio.timeout(PATIENCE):
        assert await loader.load("b") == "B"


async def test_a_failed_read_without_requests_is_not_reported_by_the_event_loop() -> None:
    errors: list[object] = []
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: errors.append(context))

    async def fail(keys: list[str]) -> list[str | ValueError]:
        return [ValueError(key) for key in keys]

    loader: BatchLoader[str, str] = BatchLoader(fail)
    loader.load("a")
    for _ in range(5):
        await asyncio.sleep(0)
    # Which forgets the first.
    loader.load("b")
    gc.collect()
    loop.set_exception_handler(handler)

    assert errors == []
