"""What many pages tell besides their rows is read once, for whoever still waits."""

import asyncio

import pytest

from storage.records.page import SharedRead


class Reading:
    """A reading that ends when it is told to, and counts."""

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


async def asked(together: SharedRead[str, int], owner: str) -> asyncio.Task[int | None]:
    task = asyncio.create_task(together.get(owner))
    await asyncio.sleep(0)
    return task


async def left(task: asyncio.Task[int | None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)


async def test_one_who_gives_up_does_not_give_up_for_the_others() -> None:
    reading = Reading()
    together = SharedRead(reading)
    first, second = await asked(together, "a"), await asked(together, "b")

    await left(first)
    reading.end.set()

    assert await second == 2
    assert (reading.begun, reading.cancelled) == (1, 0)


async def test_a_reading_that_nobody_waits_for_is_cancelled_and_begins_anew_when_asked_again() -> None:
    reading = Reading()
    together = SharedRead(reading)

    await left(await asked(together, "a"))
    assert (reading.begun, reading.cancelled) == (1, 1)

    reading.end.set()
    assert await together.get("b") == 2
    assert reading.begun == 2
