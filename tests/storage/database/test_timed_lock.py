"""A timed lock is fair, and a long holder loses it."""

import asyncio

from storage.database.timed_lock import TimedLock

LONG = 60.0
PATIENCE = 60


async def test_holders_take_turns_in_the_order_in_which_they_came() -> None:
    lock = TimedLock(LONG)
    seen: list[str] = []

    async def go(name: str) -> None:
        end = await lock.acquire()
        seen.append(f"{name} begins")
        await asyncio.sleep(0)
        seen.append(f"{name} ends")
        end()
        end()

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(go(name) for name in "abc"))
    assert seen == [f"{name} {what}" for name in "abc" for what in ("begins", "ends")]


async def test_a_long_holder_loses_the_lock() -> None:
    lock = TimedLock(0.01)
    async with asyncio.timeout(PATIENCE):
        first = await lock.acquire()
        second = await lock.acquire()
        # It has lost the lock already, so that this releases nobody's.
        first()
        waiting = asyncio.create_task(lock.acquire())
        await asyncio.sleep(0)
        assert not waiting.done()
        second()
        (await waiting)()


async def test_a_waiter_that_is_cancelled_does_not_take_the_lock() -> None:
    lock = TimedLock(LONG)
    async with asyncio.timeout(PATIENCE):
        end = await lock.acquire()
        waiting = [asyncio.create_task(lock.acquire()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.sleep(0)
        # It is cancelled after the lock was given to it.
        end()
        waiting[1].cancel()
        (await waiting[2])()
        assert all(task.cancelled() for task in waiting[:2])
        (await lock.acquire())()


async def test_a_waiter_that_is_closed_does_not_take_the_lock() -> None:
    lock = TimedLock(LONG)
    async with asyncio.timeout(PATIENCE):
        end = await lock.acquire()
        left = lock.acquire()
        left.send(None)
        left.close()
        end()
        (await lock.acquire())()
