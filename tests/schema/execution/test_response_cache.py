"""Data is cached by plan and variables as long as the number of the last change is the same, within its bytes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import orjson
from graphql.execution.values import VariableValues

from resolvers.answer_budget import AnswerBudget, current_budget
from schema.execution.plan import Plan
from schema.execution.response_cache import ResponseCache
from schema.execution.variables import RequestVariables


class _Plan:
    """A plan that returns what `read` does, for requests with one variable `n`."""

    is_cacheable = reads = True
    number = 0

    def __init__(self, read: Callable[[], Awaitable[Any]]) -> None:
        self._read = read
        self.executions = 0

    async def __call__(self, values: list[Any], variables: RequestVariables) -> list[Any]:
        self.executions += 1
        return [await self._read()]

    async def asked(self, cache: ResponseCache, variables: bytes = b"{}") -> Any:
        """The data of a response, decoded."""
        plan: Any = self
        return orjson.loads(orjson.dumps(await cache.data(plan, RequestVariables(VariableValues({}, {}), variables))))


class _Counter:
    """The number of the last change, which a test sets."""

    def __init__(self) -> None:
        self.last = 1

    async def read(self) -> int:
        last = self.last
        await asyncio.sleep(0)
        return last


async def test_data_that_a_change_overtakes_is_not_cached_as_older_than_it() -> None:
    counter = _Counter()

    async def read() -> int:
        # Another process commits between the read of the number and the read of the data.
        counter.last += 1
        return counter.last

    cache, plan = ResponseCache(counter.read, 10_000), _Plan(read)
    assert [await plan.asked(cache) for _ in range(4)] == [2, 3, 4, 5]


async def test_a_change_is_shown_by_the_next_response() -> None:
    counter = _Counter()

    async def read() -> int:
        return counter.last

    cache, plan = ResponseCache(counter.read, 10_000), _Plan(read)
    shown = []
    for last in (1, 1, 1, 1, 2, 2, 3, 3):
        counter.last = last
        shown.append(await plan.asked(cache))
    assert shown == [1, 1, 1, 1, 2, 2, 3, 3]
    # The first two, and the first one after each change.
    assert plan.executions == 4


async def test_the_cache_is_bounded_in_bytes() -> None:
    async def read() -> str:
        return "x" * 1_000

    cache, plan = ResponseCache(_Counter().read, 40_000), _Plan(read)
    for number in range(100):
        for _ in range(2):
            await plan.asked(cache, b"%d" % number)
    plan.executions = 0
    for number in reversed(range(100)):
        await plan.asked(cache, b"%d" % number)
    # A response takes 1,500 bytes.
    assert 100 - plan.executions == 40_000 // 1_502


async def test_no_response_is_sent_after_the_numbers_began_again_at_an_earlier_one() -> None:
    counter = _Counter()

    async def read() -> str:
        return shown

    cache, plan, other = ResponseCache(counter.read, 10_000), _Plan(read), _Plan(read)
    other.number = 1
    counter.last, shown = 7, "a change that a standby server did not receive"
    for _ in range(3):
        await plan.asked(cache)
    counter.last = 6
    for _ in range(2):
        await other.asked(cache)
    counter.last, shown = 7, "another change"
    assert await plan.asked(cache) == "another change"


async def test_no_response_is_sent_when_its_own_request_reads_the_earlier_number() -> None:
    counter = _Counter()

    async def read() -> str:
        return shown

    cache, plan, other = ResponseCache(counter.read, 10_000), _Plan(read), _Plan(read)
    other.number = 1
    counter.last, shown = 6, "a change that a standby server did not receive"
    for _ in range(3):
        await plan.asked(cache)
    counter.last = 7
    for _ in range(2):
        await other.asked(cache)
    counter.last, shown = 6, "another change"
    # Both read the number before either looks for data.
    assert [*await asyncio.gather(plan.asked(cache), plan.asked(cache))] == ["another change"] * 2


async def test_data_that_a_later_number_overtakes_is_not_kept() -> None:
    counter = _Counter()
    began, ended = asyncio.Event(), asyncio.Event()

    async def read_slowly() -> int:
        began.set()
        await ended.wait()
        return counter.last

    async def read() -> int:
        return counter.last

    cache, slow, quick = ResponseCache(counter.read, 10_000), _Plan(read_slowly), _Plan(read)
    quick.number = 1
    ended.set()
    await slow.asked(cache)
    began.clear()
    ended.clear()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(slow.asked(cache))
        await began.wait()
        counter.last = 0
        for _ in range(2):
            await quick.asked(cache)
        ended.set()
    counter.last = 1
    slow.executions = 0
    await slow.asked(cache)
    assert slow.executions == 1


async def test_a_large_response_is_not_cached() -> None:
    async def read() -> str:
        return "x" * 6_000

    cache, plan = ResponseCache(_Counter().read, 40_000), _Plan(read)
    for _ in range(4):
        await plan.asked(cache)
    assert plan.executions == 4


async def test_a_response_that_is_too_large_by_its_budget_is_not_encoded() -> None:
    data = {"sessions": ["x" * 30_000]}

    async def read() -> Any:
        budget = current_budget.get()
        assert budget is not None
        budget.spend(30_000)
        return data

    cache, plan = ResponseCache(_Counter().read, 40_000), _Plan(read)
    for _ in range(4):
        with AnswerBudget(1_000_000):
            assert await cache.data(cast("Plan", plan), RequestVariables(VariableValues({}, {}), b"{}")) is data


async def test_nothing_is_cached_for_long_variables_or_without_bytes() -> None:
    async def read() -> int:
        return 1

    plan: Any = _Plan(read)
    for cache, variables in ((ResponseCache(_Counter().read, 40_000), None), (ResponseCache(_Counter().read, 0), b"")):
        for _ in range(4):
            await cache.data(plan, RequestVariables(VariableValues({}, {}), variables))
    assert plan.executions == 8
