"""Resolvers of a level are stepped together; none is left behind when one of them fails."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

import pytest

from schema.execution.leaves import PlanBailout
from schema.execution.loader import PlanLoader, resolve_level

PATIENCE = 10


class Rows:
    """Reads rows, and remembers what was read together."""

    def __init__(self) -> None:
        self.read: list[list[Any]] = []
        self.loads = PlanLoader(self)

    async def __call__(self, keys: list[Any]) -> Sequence[Any]:
        self.read.append(keys)
        await asyncio.sleep(0)
        return [ValueError(key) if key == "bad" else f"row {key}" for key in keys]

    def load(self, key: Any) -> Awaitable[Any]:
        return self.loads.load(key)


class Elsewhere:
    """What only the event loop can give."""

    def __init__(self) -> None:
        self.future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.ended = ""

    async def __call__(self) -> str:
        try:
            return await self.future
        except asyncio.CancelledError:
            # A connection has to be told.
            await asyncio.sleep(0)
            self.ended = "cancelled"
            raise
        finally:
            self.ended = self.ended or "closed"


async def resolved(rows: Rows, *keys: str) -> str:
    return " ".join([await rows.load(key) for key in keys])


async def failing(error: Exception) -> None:
    raise error


async def test_who_waits_elsewhere_goes_on_while_rows_are_read() -> None:
    lock = asyncio.Lock()

    async def read(keys: list[Any]) -> list[Any]:
        async with lock:
            return keys

    async def held() -> str:
        async with lock:
            return "held"

    await lock.acquire()
    # It is given to the first who waits for it, who must be there to give it back.
    asyncio.get_running_loop().call_later(0.01, lock.release)
    async with asyncio.timeout(PATIENCE):
        assert await resolve_level([held(), PlanLoader(read).load("a")]) == ["held", "a"]


async def test_what_is_waited_for_at_a_time_is_read_together() -> None:
    rows, others = Rows(), Rows()

    given = ["plain", rows.load("a"), resolved(rows, "b", "c"), others.load("d"), resolved(rows, "e", "f")]
    assert await resolve_level(given) == ["plain", "row a", "row b row c", "row d", "row e row f"]

    assert rows.read == [["a", "b", "e"], ["c", "f"]]
    assert others.read == [["d"]]


async def test_what_the_event_loop_gives_is_waited_for() -> None:
    rows, first, second = Rows(), Elsewhere(), Elsewhere()
    asyncio.get_running_loop().call_soon(second.future.set_result, "two")
    asyncio.get_running_loop().call_later(0.01, first.future.set_result, "one")

    assert await resolve_level([first(), rows.load("a"), second()]) == ["one", "row a", "two"]


@pytest.mark.parametrize("culprit", ["load", "coroutine", "first"])
async def test_when_one_fails_the_others_are_cancelled_and_have_ended(culprit: str) -> None:
    rows, others = Rows(), [Elsewhere(), Elsewhere()]
    failure: Any = {"load": lambda: rows.load("bad")}.get(culprit, lambda: failing(ValueError("bad")))()
    values = [others[0](), failure, others[1](), resolved(rows, "a")]
    if culprit == "first":
        values.insert(0, values.pop(1))

    with pytest.raises(ValueError, match="bad"):
        await resolve_level(values)

    begun = [other for other in others if other.future.cancelled()]
    assert all(other.ended == "cancelled" for other in begun)
    assert len(begun) == {"load": 2, "coroutine": 1, "first": 0}[culprit]


async def test_one_that_fails_later_ends_the_others() -> None:
    fails, waits = Elsewhere(), Elsewhere()
    asyncio.get_running_loop().call_later(0.01, fails.future.set_exception, ValueError("late"))

    with pytest.raises(ValueError, match="late"):
        await resolve_level([waits(), fails()])

    assert waits.ended == "cancelled"


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("ticks", range(1, 4))
async def test_when_it_is_cancelled_so_is_all_that_it_waits_for(count: int, ticks: int) -> None:
    others = [Elsewhere() for _ in range(count)]
    waiting = asyncio.create_task(resolve_level([other() for other in others]))
    for _ in range(ticks):
        await asyncio.sleep(0)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert [other.ended for other in others] == ["cancelled"] * count


async def test_a_row_that_is_asked_for_after_other_waiting_is_given_up() -> None:
    rows, other = Rows(), Elsewhere()

    async def late() -> None:
        await other()
        await rows.load("a")

    asyncio.get_running_loop().call_soon(other.future.set_result, "")
    with pytest.raises(PlanBailout):
        await resolve_level([late()])
