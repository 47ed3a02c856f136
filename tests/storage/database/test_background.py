"""Work in the background ends with its block, and hides no cancellation."""

import asyncio

import pytest

from storage.database.background import in_background


async def test_work_ends_with_the_block() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    async with in_background(work(), "work"):
        await asyncio.sleep(0)

    assert ended.is_set()


async def test_a_cancellation_while_the_work_ends_is_not_lost() -> None:
    ending, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ending.set()
            await asyncio.sleep(0.05)
            ended.set()

    async def caller() -> None:
        async with in_background(work(), "work"):
            await asyncio.sleep(0)

    task = asyncio.create_task(caller())
    await ending.wait()
    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()
    assert ended.is_set()


async def test_an_error_of_the_work_is_raised() -> None:
    async def work() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        async with in_background(work(), "work"):
            await asyncio.sleep(0)
