"""A shared read runs once for all that wait for it, and is cancelled when none is left."""

import asyncio

import pytest

from storage.records.page import SharedRead


class Read:
    """A read that ends when `end` is set, and counts its calls and cancellations."""

    def __init__(self) -> None:
        self.begun = self.cancelled = 0
        self.end = asyncio.Event()

    async def __call__(self) -> dict[str, int]:
        self.begun += 1
        try:
            await self.end.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return {"a": 1, "b": 2}


async def asked(shared: SharedRead[str, int], owner: str) -> asyncio.Task[int | None]:
    task = asyncio.create_task(shared.get(owner))
    await asyncio.sleep(0)
    return task


async def left(task: asyncio.Task[int | None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)


async def test_the_cancellation_of_one_waiter_does_not_affect_the_others() -> None:
    read = Read()
    shared = SharedRead(read)
    first, second = await asked(shared, "a"), await asked(shared, "b")

    await left(first)
    read.end.set()

    assert await second == 2
    assert (read.begun, read.cancelled) == (1, 0)


async def test_a_read_without_waiters_is_cancelled_and_starts_again_for_the_next() -> None:
    read = Read()
    shared = SharedRead(read)

    await left(await asked(shared, "a"))
    assert (read.begun, read.cancelled) == (1, 1)

    read.end.set()
    assert await shared.get("b") == 2
    assert read.begun == 2
