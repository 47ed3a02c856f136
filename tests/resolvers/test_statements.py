"""How many SQL statements a query takes: one a level, however many rows a level has."""

from tests.conftest import Serve
from tests.support.documents import assistant, codewhale, tool_result, tool_use, user
from tests.support.server import Served
from tests.support.sessions import saved
from tests.support.statements import statements

RESUME = "mutation ($id: ID!) { resumeSession(input: {sessionId: $id}) { resumeTask { threadId } } }"
READY = "subscription ($id: ID!) { resumeTask(threadId: $id) { state } }"


async def filled(serve: Serve, *, count: int, resumed: int = 0) -> Served:
    """A server with sessions of 12 messages, each the parent of the next, some of them seeded into threads."""
    server = await serve(seed=resumed > 0)
    turn = [user("Why?"), assistant(tool_use("t")), user(tool_result("t")), assistant("Because.")]
    parents = [None, *(f"s{n}" for n in range(count))]
    await saved(server, *(codewhale(f"s{n}", messages=turn * 3, parent_session_id=parents[n]) for n in range(count)))
    for n in range(resumed):
        task = (await server.client.data(RESUME, id=f"s{n}"))["resumeSession"]["resumeTask"]
        async for event in server.client.subscribe(READY, {"id": task["threadId"]}):
            state = event["data"]["resumeTask"]["state"]
        assert state == "READY"
    return server


async def count(server: Served, query: str) -> int:
    with statements(server) as ran:
        await server.client.data(query)
    # A seeder that looks for work adds its own.
    return len([statement for statement in ran if "seed_gate" not in statement and "lease_until <" not in statement])


async def test_a_page_of_sessions_with_their_messages_takes_two(serve: Serve) -> None:
    server = await filled(serve, count=50)

    for arguments in ("first: 10", "last: 10", "first: 10, roles: [USER]", "last: 3, roles: [USER, ASSISTANT]"):
        fields = "id text content { __typename } rawContent createdAt session { id }"
        plain = "{ sessions(first: 50) { nodes { title messages(%s) { nodes { id text content { __typename } } } } } }"
        assert await count(server, plain % arguments) == 2
        # A third for the way back to the sessions.
        back = "{ sessions(first: 50) { edges { cursor node { messages(%s) { nodes { %s } } } } } }"
        assert await count(server, back % (arguments, fields)) == 3


async def test_what_a_page_of_messages_tells_about_itself_costs_nothing(serve: Serve) -> None:
    server = await filled(serve, count=50)

    page = "nodes { id } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    query = "{ sessions { nodes { messages(first: 5) { PAGE } } } }"
    assert await count(server, query.replace("PAGE", page)) == 2


async def test_two_pages_of_the_same_messages_take_one_each(serve: Serve) -> None:
    server = await filled(serve, count=20)

    query = "{ sessions { nodes { a: messages(first: 1) { nodes { id } } b: messages(last: 1) { nodes { id } } } } }"
    assert await count(server, query) == 3


async def test_every_relation_of_a_page_of_sessions_takes_one(serve: Serve) -> None:
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


async def test_a_page_of_tasks_with_their_threads_and_sessions_takes_three(serve: Serve) -> None:
    server = await filled(serve, count=20)
    for n in range(20):
        await server.client.data(RESUME, id=f"s{n}")

    assert await count(server, "{ resumeTasks { nodes { state thread { title } session { title } } } }") == 3
    assert await count(server, "{ resumeTasks { nodes { state queuePosition } } }") == 2


async def test_a_thread_with_its_turns_and_their_items_takes_three(serve: Serve) -> None:
    server = await filled(serve, count=1, resumed=1)
    data = await server.client.data('{ session(id: "s0") { thread { id } } }')
    thread_id = data["session"]["thread"]["id"]

    query = '{ thread(id: "%s") { title turns { nodes { summary items { nodes { summary } } } } } }'
    assert await count(server, query % thread_id) == 3
    info = '{ thread(id: "%s") { turns { nodes { items { nodes { id } pageInfo { hasNextPage } } } } } }'
    assert await count(server, info % thread_id) == 3
    events = '{ thread(id: "%s") { events { seq payload item { summary } } } }'
    assert await count(server, events % thread_id) == 2


async def test_the_turns_and_events_of_many_threads_take_one_statement_each(serve: Serve) -> None:
    server = await filled(serve, count=6, resumed=6)

    turns = "turns(first: 6) { nodes { items { nodes { id } } } }"
    assert await count(server, f"{{ sessions(first: 6) {{ nodes {{ thread {{ {turns} }} }} }} }}") == 4
    assert await count(server, "{ sessions { nodes { thread { events { seq } } } } }") == 3


async def test_the_length_of_many_lists_takes_one_statement(serve: Serve) -> None:
    server = await filled(serve, count=20)

    assert await count(server, "{ sessions { nodes { messages(roles: [USER]) { totalCount } } } }") <= 3
