"""A cached response is sent as long as no session changes, in whatever way, and never longer."""

import asyncio
import random
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from storage.database.compiled_select import CompiledSelect
from storage.doctor.doctor import examine, reindex_renamed_sessions
from storage.errors import Unavailable
from storage.search.index.compaction import purge_deleted_entries
from storage.transcripts.rederivation import rederive
from tests.conftest import Serve
from tests.support.archived import small_pieces, take
from tests.support.claude_code import Lines, text
from tests.support.documents import assistant, tool_result, tool_use, user, zagens
from tests.support.examples import examples
from tests.support.line_format import LineFormat, line, lines
from tests.support.organizing import delete_sessions, organize, update_sessions
from tests.support.resumes import resumed
from tests.support.seeding import final_state
from tests.support.server import Served, serving
from tests.support.sessions import import_session, run_sql
from tests.support.statements import statements

FORMAT = LineFormat()
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


async def step(server: Served, home: Path, chance: random.Random) -> None:
    """Change something in one of the ways that the API and the commands have."""
    client, database, id = server.client, server.app.state.database, chance.choice(IDS)
    match chance.randrange(12):
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
        case 8 | 9:
            # Small pieces: a session is also committed when only its first messages are.
            with small_pieces():
                write_transcript(home, chance)
                await take(database, FORMAT, home, include_deleted=True)
        case 10:
            version = chance.randint(2, 9)
            newer = LineFormat(version=version, shouts=version % 2 == 0)
            async for _ in rederive(database, {newer.source: newer}):
                pass
        case 11:
            async for _ in examine(database, repair=True, formats={}):
                pass
            await reindex_renamed_sessions(database)
            await purge_deleted_entries(database)


def write_transcript(home: Path, chance: random.Random) -> None:
    """Extend a transcript of a home, write it anew, or delete it."""
    number = chance.randrange(2)
    path = home / f"{number}.lines"
    role = chance.choice(["user", "assistant", "more"])
    added = line(**{role: f"word {chance.random()}"}, at=chance.randrange(9)) + line(rewind=chance.randrange(4))
    match chance.randrange(4):
        case 0:
            path.unlink(missing_ok=True)
        case 1:
            path.write_bytes(lines(f"s{number}", *(f"word {chance.random()}" for _ in range(chance.randint(1, 6)))))
        case _:
            before = path.read_bytes() if path.exists() else lines(f"s{number}", "word")
            path.write_bytes(before + added)


@given(seed=st.integers(0, 2**32))
@examples(8)
async def test_every_response_equals_one_that_is_not_cached(
    database_url: str, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    chance, home = random.Random(seed), tmp_path_factory.mktemp("home")
    async with AsyncExitStack() as servers:
        cached = await servers.enter_async_context(serving(database_url))
        # Another process in the eyes of the first.
        plain = await servers.enter_async_context(serving(database_url, prepared=False, seed=False))
        for _ in range(15):
            for query in chance.sample(QUERIES, 4):
                for _ in range(3):
                    answer = await cached.client.data(query)
                    if "itemsWritten" not in query:
                        assert answer == await plain.client.data(query)
            await step(chance.choice([cached, plain]), home, chance)


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
    assert not [statement for statement in said if "change_counter" in statement]


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


async def test_a_repair_that_ends_after_it_removed_a_segment_is_shown(serve: Serve) -> None:
    server = await serve(seed=False)
    await import_session(server.client, zagens("s1", messages=[user("word")]))
    database = server.app.state.database
    query = '{ search(query: "word") { totalCount } }'
    counts = [(await server.client.data(query))["search"]["totalCount"] for _ in range(4)]
    async with database.write() as transaction:
        await transaction.execute(sa.text("UPDATE search_segment SET size = size + 1"))
    assert not (await anext(examine(database, repair=True))).text.startswith("Session")
    assert counts == [1] * 4
    assert (await server.client.data(query))["search"]["totalCount"] == 0


@pytest.mark.parametrize("lost", ["change_counter", "SELECT"])
async def test_without_the_number_of_the_last_change_nothing_is_sent_from_the_cache(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    server = await serve(seed=False)
    await import_session(server.client, zagens("s1", messages=[user("word")]))
    database, query = server.app.state.database, '{ session(id: "s1") { title } }'
    *_, expected = [await server.client.execute(query) for _ in range(4)]
    real = database.read

    async def read(select: CompiledSelect[Any], **values: Any) -> list[Any]:
        if lost in select.text:
            raise Unavailable("The database is unavailable.")
        found: list[Any] = await real(select, **values)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(database, "read", read)
        answer = await server.client.execute(query)
    if lost == "SELECT":
        assert answer["data"] == {"session": None}
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["SERVICE_UNAVAILABLE"]
    else:
        assert answer == expected
    assert [await server.client.execute(query) for _ in range(4)] == [expected] * 4


async def test_searches_show_nothing_of_changes_that_the_database_lost(serve: Serve) -> None:
    server = await serve(seed=False)
    await import_session(server.client, zagens("s1", messages=[user("a word that a standby server did not receive")]))
    search, title = '{ search(query: "word") { nodes { snippet } } }', '{ session(id: "s1") { title } }'
    for _ in range(4):
        await server.client.data(search)
    for _ in range(2):
        await server.client.data(title)
    await run_sql(server, "UPDATE change_counter SET last = last - 1")
    await server.client.data(title)
    # Another change takes the number of the lost one.
    content = '[{"type": "text", "text": "another word"}]'
    await run_sql(server, "UPDATE message SET content = :content, size = :size", content=content, size=len(content))
    await run_sql(server, "UPDATE change_counter SET last = last + 1")
    assert (await server.client.data(search))["search"]["nodes"] == [{"snippet": "another word"}]


@pytest.mark.slow
async def test_no_response_is_older_than_what_was_committed_before_its_request(database_url: str) -> None:
    async with serving(database_url) as cached, serving(database_url, seed=False) as other:
        await import_session(cached.client, zagens("s1", messages=[user("word")]))
        committed = 0
        is_over = asyncio.Event()

        async def read() -> None:
            while not is_over.is_set():
                least = committed
                title = (await cached.client.data('{ session(id: "s1") { title } }'))["session"]["title"]
                assert not committed or int(title) >= least

        async with asyncio.TaskGroup() as tasks:
            for _ in range(3):
                tasks.create_task(read())
            for number in range(1, 31):
                await organize((cached if number % 2 else other).client, "s1", title=str(number))
                committed = number
                # Long enough for responses from the cache.
                await asyncio.sleep(0.01)
            is_over.set()
        metrics = (await cached.client.http.get("/metrics")).text
        assert "\nreprise_cached_responses_total 0.0" not in metrics
