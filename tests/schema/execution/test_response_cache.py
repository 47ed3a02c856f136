"""A cached response is sent as long as no session changes, and never longer."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, cast

import orjson
import sqlalchemy as sa
from graphql.execution.values import VariableValues
from hypothesis import given
from hypothesis import strategies as st

from resolvers.answer_budget import AnswerBudget, current_budget
from schema.execution.plan import Plan
from schema.execution.response_cache import ResponseCache
from schema.execution.variables import RequestVariables
from storage.doctor.doctor import examine
from tests.conftest import Serve
from tests.support.claude_code import Lines, text
from tests.support.client import Client
from tests.support.documents import assistant, tool_result, tool_use, user, zagens
from tests.support.examples import examples
from tests.support.organizing import delete_sessions, organize, update_sessions
from tests.support.resumes import resumed
from tests.support.seeding import final_state
from tests.support.server import serving
from tests.support.sessions import import_session
from tests.support.statements import statements

IDS = [f"s{number}" for number in range(6)]
MESSAGES = (
    "nodes { position text rawContent usage { inputTokens } content { ... on ToolUseBlock { result { text } } } }"
)
QUERIES = (
    "{ sessions(first: 3) { changeSeq nodes { id title isStarred tags note savedAt usage { totalTokens } } } }",
    "{ sessions(filter: {archived: ANY}) { totalCount pageInfo { hasNextPage endCursor } nodes { id isArchived } } }",
    f'{{ session(id: "s1") {{ title messageCount messages(first: 10) {{ totalCount {MESSAGES} }} }} }}',
    '{ session(id: "s1") { parent { id } children { nodes { id } } tools { name callCount } } }',
    '{ search(query: "word", orderBy: RECENT) { totalCount nodes { snippet session { id title } } } }',
    '{ searchSessions(query: "word") { nodes { hitCount session { id } hits { snippet } } } }',
    "{ sessionFacets { totalCount sources { value sessionCount } tags { value sessionCount } models { value } } }",
    """{ activity(span: {from: "2026-07-01T00:00:00Z", until: "2026-09-01T00:00:00Z"}, interval: MONTH) {
      start sessionCount messageCount usage { inputTokens } } }""",
    '{ session(id: "s1") { thread { id model } resumeTask { state itemsWritten } document metadata } }',
)
_TEXT = "mutation ($text: String!) { importSession(input: {text: $text}) { session { id } userErrors { code } } }"


async def step(client: Client, chance: random.Random) -> None:
    """Change something in one of the ways that the API has."""
    id = chance.choice(IDS)
    match chance.randrange(8):
        case 0:
            await delete_sessions(client, [id])
        case 1 | 2:
            turn = [user(f"word {chance.random()}"), assistant(tool_use("t", "Bash")), user(tool_result("t", "out"))]
            clock = f"2026-07-01T00:00:{chance.randrange(60):02}Z"
            await import_session(client, zagens(id, messages=turn * chance.randint(0, 3), updated_at=clock))
        case 3:
            lines = Lines(f"{chance.randrange(3)}1111111-2222-4333-8444-555555555555")
            for number in range(chance.randint(1, 4)):
                lines.user(f"word {number}")
                lines.assistant(text("answer"))
            await client.execute(_TEXT, {"text": lines.data().decode()})
        case 4:
            await organize(client, id, tags=[f"t{chance.randrange(3)}"], note=str(chance.random()))
        case 5:
            await organize(client, id, title=f"word {chance.random()}", isStarred=chance.random() < 0.5)
        case 6:
            await update_sessions(client, chance.sample(IDS, 2), isArchived=chance.random() < 0.5)
        case 7:
            await client.execute(
                "mutation ($id: ID!) { resumeSession(input: {sessionId: $id}) { userErrors { code } } }", {"id": id}
            )


@given(seed=st.integers(0, 2**32))
@examples(8)
async def test_every_response_equals_one_that_is_not_cached(database_url: str, seed: int) -> None:
    chance = random.Random(seed)
    async with AsyncExitStack() as servers:
        cached = await servers.enter_async_context(serving(database_url))
        # Another process in the eyes of the first.
        plain = await servers.enter_async_context(serving(database_url, prepared=False, seed=False))
        for _ in range(12):
            for query in chance.sample(QUERIES, 4):
                for _ in range(3):
                    answer = await cached.client.data(query)
                    if "itemsWritten" not in query:
                        assert answer == await plain.client.data(query)
            await step(chance.choice([cached, plain]).client, chance)


async def test_only_the_number_of_the_last_change_is_read_for_a_cached_response(serve: Serve) -> None:
    server = await serve(seed=False)
    await import_session(server.client, zagens("s1", messages=[user("word")]))
    for query in QUERIES[:-1]:
        tables = []
        for _ in range(5):
            with statements(server) as said:
                await server.client.data(query)
            tables.append(["change_counter" in statement and "session" not in statement for statement in said])
        assert tables[3] == tables[4] == [True], query
        assert tables[2][0]


async def test_a_query_that_reads_nothing_reads_no_number(serve: Serve) -> None:
    server = await serve(seed=False)
    with statements(server) as said:
        for _ in range(4):
            assert await server.client.data("{ __typename }") == {"__typename": "Query"}
    assert said == []


async def test_a_resumed_session_shows_its_task_as_it_stands(serve: Serve) -> None:
    server = await serve()
    await import_session(server.client, zagens("s1", messages=[user("word")] * 50))
    query = '{ session(id: "s1") { title resumeTask { state itemsWritten } } }'
    for _ in range(4):
        assert (await server.client.data(query))["session"]["resumeTask"] is None
    await final_state(server.app.state.database, (await resumed(server.client, "s1"))["threadId"])
    for _ in range(4):
        assert (await server.client.data(query))["session"]["resumeTask"] == {"state": "READY", "itemsWritten": 50}


async def test_a_repair_of_the_index_is_shown(serve: Serve) -> None:
    server = await serve(seed=False)
    await import_session(server.client, zagens("s1", messages=[user("word")]))
    database = server.app.state.database
    async with database.write() as transaction:
        await transaction.execute(sa.text("DELETE FROM search_segment"))
    query = '{ search(query: "word") { totalCount } }'
    counts = [(await server.client.data(query))["search"]["totalCount"] for _ in range(4)]
    assert [finding.is_repaired async for finding in examine(database, repair=True)] == [True]
    assert counts == [0] * 4
    assert (await server.client.data(query))["search"]["totalCount"] == 1


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
        return self.last


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
