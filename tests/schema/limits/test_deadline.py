"""Deadlines that share a timer."""

import asyncio
import time

import pytest

from schema.limits.deadline import Deadline, SharedTimer

SECONDS = 0.05


async def test_a_block_that_takes_longer_is_cancelled_with_a_timeout() -> None:
    timer = SharedTimer(SECONDS)
    began = time.monotonic()

    with pytest.raises(TimeoutError), Deadline(timer) as deadline:
        await asyncio.sleep(60)

    assert deadline.is_expired
    assert SECONDS * 0.9 <= time.monotonic() - began < 5
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_block_that_ends_in_time_is_left_alone() -> None:
    timer = SharedTimer(SECONDS)

    with Deadline(timer) as deadline:
        await asyncio.sleep(0)
    await asyncio.sleep(3 * SECONDS)

    assert not deadline.is_expired


async def test_each_block_has_its_own_time() -> None:
    timer = SharedTimer(4 * SECONDS)
    ended: list[int] = []

    async def wait(number: int) -> None:
        await asyncio.sleep(number * SECONDS)
        began = time.monotonic()
        with pytest.raises(TimeoutError), Deadline(timer):
            await asyncio.sleep(60)
        assert time.monotonic() - began >= 4 * SECONDS * 0.9
        ended.append(number)

    async with asyncio.timeout(5):
        await asyncio.gather(*map(wait, (2, 0, 1)))

    assert ended == [0, 1, 2]


async def test_the_timer_runs_again_after_it_had_nothing_to_do() -> None:
    timer = SharedTimer(SECONDS)
    for _ in range(2):
        with pytest.raises(TimeoutError), Deadline(timer):
            await asyncio.sleep(60)
        await asyncio.sleep(2 * SECONDS)


async def test_a_block_can_be_ended_by_hand() -> None:
    deadline = Deadline()
    asyncio.get_running_loop().call_soon(deadline.stop)
    asyncio.get_running_loop().call_soon(deadline.stop)

    with pytest.raises(TimeoutError), deadline:
        await asyncio.sleep(60)


async def test_a_cancellation_from_outside_is_raised() -> None:
    async def work() -> None:
        with Deadline(SharedTimer(60)):
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_from_outside_is_raised_although_the_time_is_up_too() -> None:
    deadline = Deadline()

    async def work() -> None:
        with deadline:
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    deadline.stop()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_the_block_is_raised() -> None:
    with pytest.raises(TimeoutError, match="of its own"), Deadline(SharedTimer(60)) as deadline:
        raise TimeoutError("of its own")

    assert not deadline.is_expired
