"""How many SQL statements a query takes: one a level, however many rows a level has."""

import json
import re

from schema.build import create_schema
from tests.conftest import Serve, postgresql_slow
from tests.support.docs import API, README, SEARCH, curl_queries, inline_queries
from tests.support.documents import assistant, codewhale, tool_result, tool_use, user
from tests.support.server import Served
from tests.support.sessions import saved, saved_together
from tests.support.statements import read_in_threads, statements

RESUME = "mutation ($id: ID!) { resumeSession(input: {sessionId: $id}) { resumeTask { threadId } } }"
READY = "subscription ($id: ID!) { resumeTask(threadId: $id) { state } }"
ALL = "nodes { __typename } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
CONNECTIONS = {
    "SessionConnection": ("sessions(first: 3) { PAGE }", 1),
    "ResumeTaskConnection": ("resumeTasks(first: 3) { PAGE }", 1),
    "ThreadConnection": ("threads(first: 3) { PAGE }", 1),
    # The sessions; which entries hold the words and what those say was read before.
    "SearchConnection": ('search(query: "because", first: 3) { PAGE }', 1),
    # The sessions with hits; their counts and hits are not selected.
    "SessionHitConnection": ('searchSessions(query: "because", first: 3) { PAGE }', 1),
    "MessageConnection": ("sessions { nodes { messages(first: 3) { PAGE } } }", 2),
    "TurnConnection": ("sessions { nodes { thread { turns(first: 2) { PAGE } } } }", 3),
    "ThreadItemConnection": (
        "sessions { nodes { thread { turns(first: 2) { nodes { items(first: 2) { PAGE } } } } } }",
        4,
    ),
}
"""By type: a page of it, and the statements it takes without its length."""
ITEMS = "sessions(first: 3) { nodes { thread { turns(first: 3) { nodes { items(first: 9) { nodes { FIELDS } } } } } } }"
WIDE = {
    "session.system_prompt": ("sessions { nodes { FIELDS } }", "id title", "systemPrompt"),
    "session.title": ("sessions { nodes { FIELDS } }", "id messageCount", "title"),
    "session.workspace": ('session(id: "s1") { FIELDS }', "id parent { id }", "parent { workspace }"),
    "message.content": (
        "sessions(first: 3) { nodes { messages(first: 9) { nodes { FIELDS } } } }",
        "position role",
        "rawContent",
    ),
    "message.role": ("sessions(first: 3) { nodes { messages(first: 9) { nodes { FIELDS } } } }", "position", "role"),
    "thread.system_prompt": ("sessions { nodes { thread { FIELDS } } }", "id title", "systemPrompt"),
    "turn.summary": (
        "sessions(first: 3) { nodes { thread { turns(first: 3) { nodes { FIELDS } } } } }",
        "id status",
        "summary",
    ),
    "thread_item.detail": (
        ITEMS,
        "summary ... on ToolCallItem { name }",
        "... on ToolCallItem { input }",
    ),
    "thread_item.text": (
        ITEMS,
        "summary __typename",
        "... on AgentMessageItem { text }",
    ),
    "resume_task.error_message": ("resumeTasks { nodes { FIELDS } }", "id state", "error { message }"),
}
"""Columns, of which each is read for the second fields and not for the first."""


async def filled(serve: Serve, *, count: int, resumed: int = 0) -> Served:
    """A server with sessions of 12 messages, each the parent of the next, some of them seeded into threads."""
    server = await serve(seed=resumed > 0)
    turn = [user("Why?"), assistant(tool_use("t")), user(tool_result("t")), assistant("Because.")]
    parents = [None, *(f"s{n}" for n in range(count))]
    documents = [codewhale(f"s{n}", messages=turn * 3, parent_session_id=parents[n]) for n in range(count)]
    # Several segments of the index, as from several imports.
    await saved(server, *documents[:6])
    if documents[6:]:
        await saved_together(server, *documents[6:])
    for n in range(resumed):
        task = (await server.client.data(RESUME, id=f"s{n}"))["resumeSession"]["resumeTask"]
        async for event in server.client.subscribe(READY, {"id": task["threadId"]}):
            state = event["data"]["resumeTask"]["state"]
        assert state == "READY"
    # A seeder that looks for work would add its statements.
    server.app.state.seeder.stop()
    return server


async def ran(server: Served, query: str) -> list[str]:
    """The statements of a query that comes again, and is prepared: no more than when it is new."""
    # Reads that end at once let graphql-core's loaders share a statement between levels now and then.
    read_in_threads(server.app.state.database)
    first, again = [await _ran(server, query) for _ in range(2)]
    assert len(again) <= len(first)
    return again


async def _ran(server: Served, query: str) -> list[str]:
    with statements(server) as ran:
        await server.client.data(query)
    # A seeder that looks for work adds its own.
    return [statement for statement in ran if "seed_gate" not in statement and "lease_until <" not in statement]


async def count(server: Served, query: str) -> int:
    return len(await ran(server, query))


@postgresql_slow
async def test_sessions_with_their_messages_take_two_statements(serve: Serve) -> None:
    server = await filled(serve, count=50)

    for arguments in ("first: 10", "last: 10", "first: 10, roles: [USER]", "last: 3, roles: [USER, ASSISTANT]"):
        fields = "id text content { __typename } rawContent createdAt session { id }"
        plain = "{ sessions(first: 50) { nodes { title messages(%s) { nodes { id text content { __typename } } } } } }"
        assert await count(server, plain % arguments) == 2
        # A third for the way back to the sessions.
        back = "{ sessions(first: 50) { edges { cursor node { messages(%s) { nodes { %s } } } } } }"
        assert await count(server, back % (arguments, fields)) == 3


async def test_nodes_take_a_statement_for_each_type(serve: Serve) -> None:
    server = await filled(serve, count=12, resumed=3)
    sessions = "sessions { nodes { id messages(first: 9) { nodes { id } } } }"
    turns = "turns(first: 5) { nodes { id items(first: 2) { nodes { id } } } }"
    threads = f"threads: resumeTasks(first: 3) {{ nodes {{ id thread {{ id {turns} }} }} }}"
    data = await server.client.data(f"{{ {sessions} {threads} }}")
    ids = re.findall('"id": "([^"]+)"', json.dumps(data))
    by_form: dict[str, list[str]] = {}
    for id in ids:
        by_form.setdefault(id.split("_")[0] if "_" in id else ":" if ":" in id else "session", []).append(id)
    chosen = [id for of_form in by_form.values() for id in of_form[:12]]

    assert len(by_form) == 6
    assert len(chosen) > 40
    for given in (chosen, [*chosen, *chosen[:20]]):
        assert await count(server, f"{{ nodes(ids: {json.dumps(given)}) {{ id __typename }} }}") == 6
    each = " ".join(f"n{number}: node(id: {json.dumps(id)}) {{ id }}" for number, id in enumerate(chosen[::2]))
    assert await count(server, f"{{ {each} }}") == 6
    # Only the columns that are selected on the type itself.
    [statement] = await ran(server, '{ nodes(ids: ["s1:1"]) { ... on Message { id } ... on Session { title } } }')
    assert "message" in statement
    assert "content" not in statement
    assert await ran(server, '{ nodes(ids: ["x:y", "?", ""]) { id } }') == []


async def test_the_hits_of_all_found_sessions_take_a_few_statements(serve: Serve) -> None:
    server = await filled(serve, count=20)
    fields = "hitCount hits { snippet score blockPosition message { id role } }"

    # The sessions, then those for their counts and for their hits, whose messages are read for scores and for fields.
    few = await count(server, f'{{ searchSessions(query: "because", first: 2) {{ nodes {{ {fields} }} }} }}')
    many = await count(server, f'{{ searchSessions(query: "because", first: 20) {{ nodes {{ {fields} }} }} }}')
    assert many == few <= 4


async def test_page_info_of_messages_takes_no_statement(serve: Serve) -> None:
    server = await filled(serve, count=50)

    page = "nodes { id } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    query = "{ sessions { nodes { messages(first: 5) { PAGE } } } }"
    assert await count(server, query.replace("PAGE", page)) == 2


async def test_two_pages_of_the_same_messages_take_one_statement_each(serve: Serve) -> None:
    server = await filled(serve, count=20)

    query = "{ sessions { nodes { a: messages(first: 1) { nodes { id } } b: messages(last: 1) { nodes { id } } } } }"
    assert await count(server, query) == 3


@postgresql_slow
async def test_each_relation_of_sessions_takes_one_statement(serve: Serve) -> None:
    server = await filled(serve, count=50)
    for n in range(50):
        await server.client.data(RESUME, id=f"s{n}")

    assert await count(server, "{ sessions { nodes { parent { id } } } }") == 2
    assert await count(server, "{ sessions { nodes { thread { id } } } }") == 2
    assert await count(server, "{ sessions { nodes { resumeTask { state } } } }") == 2
    assert await count(server, "{ sessions { nodes { resumeTask { queuePosition } } } }") == 3
    nested = "parent { id parent { id } } thread { id session { id } } resumeTask { thread { id } }"
    # Three relations, one below each of them, and the page itself; levels may share a statement.
    assert await count(server, f"{{ sessions {{ nodes {{ {nested} }} }} }}") <= 7


async def test_tasks_with_their_threads_and_sessions_take_three_statements(serve: Serve) -> None:
    server = await filled(serve, count=20)
    for n in range(20):
        await server.client.data(RESUME, id=f"s{n}")

    assert await count(server, "{ resumeTasks { nodes { state thread { title } session { title } } } }") == 3
    assert await count(server, "{ resumeTasks { nodes { state queuePosition } } }") == 2


async def test_a_thread_with_its_turns_and_items_takes_three_statements(serve: Serve) -> None:
    server = await filled(serve, count=1, resumed=1)
    data = await server.client.data('{ session(id: "s0") { thread { id } } }')
    thread_id = data["session"]["thread"]["id"]

    query = '{ thread(id: "%s") { title turns { nodes { summary items { nodes { summary } } } } } }'
    assert await count(server, query % thread_id) == 3
    info = '{ thread(id: "%s") { turns { nodes { items { nodes { id } pageInfo { hasNextPage } } } } } }'
    assert await count(server, info % thread_id) == 3
    events = '{ thread(id: "%s") { events { seq payload item { summary } } } }'
    assert await count(server, events % thread_id) == 2


async def test_turns_and_events_of_many_threads_take_one_statement_each(serve: Serve) -> None:
    server = await filled(serve, count=6, resumed=6)

    turns = "turns(first: 6) { nodes { items { nodes { id } } } }"
    assert await count(server, f"{{ sessions(first: 6) {{ nodes {{ thread {{ {turns} }} }} }} }}") == 4
    assert await count(server, "{ sessions { nodes { thread { events { seq } } } } }") == 3


async def test_counts_of_many_lists_take_one_statement(serve: Serve) -> None:
    server = await filled(serve, count=20)

    assert await count(server, "{ sessions { nodes { messages(roles: [USER]) { totalCount } } } }") <= 3


async def test_each_query_of_the_documentation_takes_one_a_level(serve: Serve) -> None:
    server = await filled(serve, count=50)
    await saved(server, codewhale("flaky", "Flaky", messages=[user("A flaky upload.")]))
    listed, found = curl_queries(README)
    [search] = curl_queries(SEARCH)
    [nested] = inline_queries(API)

    assert await count(server, listed) == 2
    assert await count(server, nested) == 2
    # The messages that are shown, and the sessions for the length; the sessions of the page were read before.
    assert await count(server, search) == 1 + 1
    assert await count(server, found) == 1


async def test_each_connection_takes_one_statement_a_level_and_one_for_its_count(serve: Serve) -> None:
    server = await filled(serve, count=6, resumed=6)

    for name, (query, expected) in CONNECTIONS.items():
        assert await count(server, f"{{ {query.replace('PAGE', ALL)} }}") == expected, name
        counted = query.replace("PAGE", f"{ALL} totalCount")
        # A session knows how many messages it has.
        more = 0 if name == "MessageConnection" else 1
        assert await count(server, f"{{ {counted} }}") == expected + more, name


def test_no_connection_of_the_schema_is_missing_here() -> None:
    kinds = {kind for kind in create_schema()._schema.type_map if kind.endswith("Connection")}

    assert kinds == set(CONNECTIONS)


@postgresql_slow
async def test_only_selected_columns_are_read(serve: Serve) -> None:
    server = await filled(serve, count=3, resumed=2)

    for column, (query, others, asked) in WIDE.items():
        assert not reads(await ran(server, f"{{ {query.replace('FIELDS', others)} }}"), column), column
        assert reads(await ran(server, f"{{ {query.replace('FIELDS', asked)} }}"), column), column


def reads(ran: list[str], column: str) -> bool:
    """Whether a statement selects a column; to compare it or to order by it is not that."""
    return any(column in statement.partition(" FROM ")[0].partition("\nFROM ")[0] for statement in ran)


async def test_an_event_reads_only_the_selected_columns_of_its_item(serve: Serve) -> None:
    server = await filled(serve, count=1, resumed=1)
    events = '{ session(id: "s0") { thread { events(first: 5) { FIELDS } } } }'

    for fields in ("seq event", "seq item { status }"):
        assert not reads(await ran(server, events.replace("FIELDS", fields)), "thread_item.text"), fields
    for fields in ("payload", "item { ... on UserMessageItem { text } }"):
        assert reads(await ran(server, events.replace("FIELDS", fields)), "thread_item.text"), fields
