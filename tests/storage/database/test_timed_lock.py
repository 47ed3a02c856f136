"""Turns: one after another, but nobody's lasts long."""

import asyncio

from storage.database.timed_lock import TimedLock

LONG = 60.0
PATIENCE = 10


async def test_one_after_another_in_the_order_in_which_they_came() -> None:
    turns = TimedLock(LONG)
    seen: list[str] = []

    async def go(name: str) -> None:
        end = await turns.take()
        seen.append(f"{name} begins")
        await asyncio.sleep(0)
        seen.append(f"{name} ends")
        end()
        end()

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(go(name) for name in "abc"))
    assert seen == [f"{name} {what}" for name in "abc" for what in ("begins", "ends")]


async def test_a_long_one_holds_up_nobody_for_long() -> None:
    turns = TimedLock(0.01)
    async with asyncio.timeout(PATIENCE):
        first = await turns.take()
        second = await turns.take()
        # It has ended before, so nobody's turn ends with it.
        first()
        waiting = asyncio.create_task(turns.take())
        await asyncio.sleep(0)
        assert not waiting.done()
        second()
        (await waiting)()


async def test_who_leaves_takes_no_turn() -> None:
    turns = TimedLock(LONG)
    async with asyncio.timeout(PATIENCE):
        end = await turns.take()
        waiting = [asyncio.create_task(turns.take()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.sleep(0)
        # Its turn has come, and it is gone before it knows.
        end()
        waiting[1].cancel()
        (await waiting[2])()
        assert all(task.cancelled() for task in waiting[:2])
        (await turns.take())()


async def test_who_is_left_behind_takes_no_turn() -> None:
    turns = TimedLock(LONG)
    async with asyncio.timeout(PATIENCE):
        end = await turns.take()
        left = turns.take()
        left.send(None)
        left.close()
        end()
        (await turns.take())()
