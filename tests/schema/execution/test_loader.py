"""Resolvers of a level advance together, and all have ended when one of them fails."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

import pytest

from schema.execution.leaves import PlanBailout
from schema.execution.loader import PlanLoader, resolve_level, resolve_rows

PATIENCE = 60


class Rows:
    """A reader that records its batches."""

    def __init__(self) -> None:
        self.read: list[list[Any]] = []
        self.loads = PlanLoader(self)

    async def __call__(self, keys: list[Any]) -> Sequence[Any]:
        self.read.append(keys)
        await asyncio.sleep(0)
        return [ValueError(key) if key == "bad" else f"row {key}" for key in keys]

    def load(self, key: Any) -> Awaitable[Any]:
        return self.loads.load(key)


class Suspended:
    """A coroutine function that awaits a future of the event loop."""

    def __init__(self) -> None:
        self.future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.ended = ""

    async def __call__(self) -> str:
        try:
            return await self.future
        except asyncio.CancelledError:
            # As releasing a connection does.
            await asyncio.sleep(0)
            self.ended = "cancelled"
            raise
        finally:
            self.ended = self.ended or "closed"


async def resolved(rows: Rows, *keys: str) -> str:
    return " ".join([await rows.load(key) for key in keys])


async def failing(error: Exception) -> None:
    raise error


async def test_a_coroutine_that_awaits_the_event_loop_advances_during_reads() -> None:
    lock = asyncio.Lock()

    async def read(keys: list[Any]) -> list[Any]:
        async with lock:
            return keys

    async def held() -> str:
        async with lock:
            return "held"

    await lock.acquire()
    # The lock goes to the coroutine that waits for it, which must be running to release it.
    asyncio.get_running_loop().call_later(0.01, lock.release)
    async with asyncio.timeout(PATIENCE):
        assert await resolve_level([held(), PlanLoader(read).load("a")]) == ["held", "a"]


async def test_concurrent_loads_are_read_in_one_batch() -> None:
    rows, others = Rows(), Rows()

    given = ["plain", rows.load("a"), resolved(rows, "b", "c"), others.load("d"), resolved(rows, "e", "f")]
    assert await resolve_level(given) == ["plain", "row a", "row b row c", "row d", "row e row f"]

    assert rows.read == [["a", "b", "e"], ["c", "f"]]
    assert others.read == [["d"]]


async def test_futures_of_the_event_loop_are_awaited() -> None:
    rows, first, second = Rows(), Suspended(), Suspended()
    asyncio.get_running_loop().call_soon(second.future.set_result, "two")
    asyncio.get_running_loop().call_later(0.01, first.future.set_result, "one")

    assert await resolve_level([first(), rows.load("a"), second()]) == ["one", "row a", "two"]


@pytest.mark.parametrize("failing_part", ["load", "coroutine", "first"])
async def test_when_one_fails_the_others_are_cancelled_and_have_ended(failing_part: str) -> None:
    rows, others = Rows(), [Suspended(), Suspended()]
    failure: Any = {"load": lambda: rows.load("bad")}.get(failing_part, lambda: failing(ValueError("bad")))()
    values = [others[0](), failure, others[1](), resolved(rows, "a")]
    if failing_part == "first":
        values.insert(0, values.pop(1))

    with pytest.raises(ValueError, match="bad"):
        await resolve_level(values)

    begun = [other for other in others if other.future.cancelled()]
    assert all(other.ended == "cancelled" for other in begun)
    assert len(begun) == {"load": 2, "coroutine": 1, "first": 0}[failing_part]


async def test_a_late_failure_cancels_the_others() -> None:
    fails, waits = Suspended(), Suspended()
    asyncio.get_running_loop().call_later(0.01, fails.future.set_exception, ValueError("late"))

    with pytest.raises(ValueError, match="late"):
        await resolve_level([waits(), fails()])

    assert waits.ended == "cancelled"


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("ticks", range(1, 4))
async def test_cancellation_reaches_all_coroutines(count: int, ticks: int) -> None:
    others = [Suspended() for _ in range(count)]
    waiting = asyncio.create_task(resolve_level([other() for other in others]))
    for _ in range(ticks):
        await asyncio.sleep(0)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert [other.ended for other in others] == ["cancelled"] * count


async def test_a_load_after_another_await_bails_out() -> None:
    rows, other = Rows(), Suspended()

    async def late() -> None:
        await other()
        await rows.load("a")

    asyncio.get_running_loop().call_soon(other.future.set_result, "")
    with pytest.raises(PlanBailout):
        await resolve_level([late()])


@pytest.mark.parametrize(("is_of_row", "calls"), [(True, ["a"]), (False, ["a", "b", "c"])])
async def test_a_resolver_that_loads_what_belongs_to_a_row_is_called_once(is_of_row: bool, calls: list[str]) -> None:
    rows, called = Rows(), []

    def resolve(row: str) -> Awaitable[Any]:
        called.append(row)
        return rows.loads.load_of(row, str.upper, "shape") if is_of_row else rows.load((row.upper(), "shape"))

    loaded = await resolve_level(resolve_rows(resolve, ["a", "b", "c"]))

    assert loaded == [f"row {(key, 'shape')}" for key in "ABC"]
    assert rows.read == [[("A", "shape"), ("B", "shape"), ("C", "shape")]]
    assert called == calls
