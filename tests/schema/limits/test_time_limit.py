"""An operation beyond its time limit ends with a coded error; its statement is cancelled and rolled back."""

import asyncio
import time
from contextlib import aclosing

import httpx2
import pytest
import sqlalchemy as sa

from tests.conftest import Serve
from tests.support.client import SubscriptionError
from tests.support.documents import user, zagens
from tests.support.server import Served
from tests.support.sessions import delete_session, import_session, imported, session, update_session

SECONDS = 0.8
# Far longer than any statement takes, far shorter than one that is not cancelled.
SOON = 10
REFUSED = {
    "message": "The operation took longer than the 0.8 seconds that are allowed.",
    "extensions": {"code": "SERVICE_UNAVAILABLE"},
}

_ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000000000) SELECT max(i) FROM n"
SLOW_DELETE = {
    "sqlite": [f"CREATE TRIGGER slow AFTER DELETE ON session BEGIN SELECT ({_ENDLESS}); END"],
    "postgresql": [
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN OLD; END'",
        "CREATE TRIGGER slow AFTER DELETE ON session FOR EACH ROW EXECUTE FUNCTION slow()",
    ],
}
QUICK_DELETE = {"sqlite": "DROP TRIGGER slow", "postgresql": "DROP TRIGGER slow ON session"}
SLOW_READ = {
    "sqlite": [
        "ALTER TABLE message RENAME TO stored",
        f"CREATE VIEW message AS SELECT stored.* FROM stored WHERE ({_ENDLESS}) > 0",
    ],
    "postgresql": [
        "ALTER TABLE message RENAME TO stored",
        "CREATE VIEW message AS SELECT stored.* FROM stored, LATERAL (SELECT pg_sleep(60)) AS slow",
    ],
}
QUICK_READ = ["DROP VIEW message", "ALTER TABLE stored RENAME TO message"]
DELETE = 'mutation { deleteSession(input: {sessionId: "s"}) { deletedSessionId } }'
READ = '{ session(id: "s") { messages { nodes { id } } } }'


async def change(server: Served, *statements: str) -> None:
    """Change tables without the server."""
    async with server.app.state.database.engine.begin() as connection:
        if kind(server) == "sqlite":
            # Another connection may have changed the tables, which SQLite notices when it runs a statement.
            await connection.execute(sa.text("SELECT name FROM sqlite_master"))
        for statement in statements:
            await connection.execute(sa.text(statement))


def kind(server: Served) -> str:
    return str(server.app.state.database.engine.dialect.name)


async def running(server: Served) -> int:
    """Statements that the server's other connections are running, on PostgreSQL."""
    async with server.app.state.database.engine.connect() as connection:
        return int(
            await connection.scalar(
                sa.text(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' "
                    "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
                )
            )
            or 0
        )


async def refused_soon(server: Served, operation: str) -> None:
    began = time.monotonic()
    answer = await server.client.execute(operation)
    assert time.monotonic() - began < SOON
    assert answer.get("data") is None
    assert answer["errors"] == [REFUSED]
    if kind(server) == "postgresql":
        async with asyncio.timeout(SOON):
            # Polled: the database sends no notification.
            while await running(server):  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def test_a_mutation_beyond_the_time_limit_is_cancelled_and_rolled_back(serve: Serve) -> None:
    server = await serve(seed=False, request_seconds=SECONDS)
    await imported(server.client, zagens("s", messages=[user("a")]))
    await change(server, *SLOW_DELETE[kind(server)])

    await refused_soon(server, DELETE)

    await change(server, QUICK_DELETE[kind(server)])
    assert await session(server.client, "s", "messages { totalCount }") == {"messages": {"totalCount": 1}}
    # The write lock of SQLite was released.
    assert (await update_session(server.client, "s", title="new"))["session"]["title"] == "new"
    assert (await delete_session(server.client, "s"))["deletedSessionId"] == "s"


async def test_a_query_beyond_the_time_limit_is_cancelled(serve: Serve) -> None:
    server = await serve(seed=False, request_seconds=SECONDS)
    await imported(server.client, zagens("s", messages=[user("a")]))
    await change(server, *SLOW_READ[kind(server)])

    await refused_soon(server, READ)

    await change(server, *QUICK_READ)
    assert "errors" not in await server.client.execute(READ)


async def test_the_statement_of_a_client_that_disconnects_is_cancelled(serve: Serve) -> None:
    server = await serve(seed=False, request_seconds=60)
    await imported(server.client, zagens("s", messages=[user("a")]))
    await change(server, *SLOW_DELETE[kind(server)])

    with pytest.raises(httpx2.ReadTimeout):
        await server.client.http.post("/graphql", json={"query": DELETE}, timeout=SECONDS)

    async with asyncio.timeout(SOON):
        # Waits for the lock that the statement holds.
        await change(server, QUICK_DELETE[kind(server)])
    assert await session(server.client, "s", "id") == {"id": "s"}


async def test_a_query_on_a_websocket_has_the_same_time_limit(serve: Serve) -> None:
    server = await serve(seed=False, request_seconds=SECONDS)
    await imported(server.client, zagens("s", messages=[user("a")]))
    await change(server, *SLOW_READ[kind(server)])

    with pytest.raises(SubscriptionError) as refusal:
        await anext(server.client.subscribe(READ))

    assert refusal.value.errors == [REFUSED]


@pytest.mark.slow
async def test_a_mutation_that_waits_for_a_lock_has_the_same_time_limit(serve: Serve) -> None:
    server = await serve(seed=False, request_seconds=SECONDS)
    await imported(server.client, zagens("s"))
    async with server.app.state.database.write() as transaction:
        await transaction.execute(sa.text("UPDATE session SET title = 'first' WHERE id = 's'"))

        answer = await server.client.execute(
            'mutation { updateSession(input: {sessionId: "s", title: "second"}) { session { title } } }'
        )
        assert answer["errors"] == [REFUSED]

    assert await session(server.client, "s", "title") == {"title": "first"}
    assert (await update_session(server.client, "s", title="third"))["session"]["title"] == "third"


@pytest.mark.slow
async def test_an_import_has_a_longer_time_limit(serve: Serve) -> None:
    server = await serve(seed=False, request_seconds=SECONDS)
    await imported(server.client, zagens("s"))
    async with server.app.state.database.write() as transaction:
        await transaction.execute(sa.text("UPDATE session SET model = 'other' WHERE id = 's'"))
        importing = asyncio.create_task(import_session(server.client, zagens("s", messages=[user("a")])))
        await asyncio.sleep(2 * SECONDS)
        assert not importing.done()

    assert (await importing)["outcome"] == "UPDATED"


@pytest.mark.slow
async def test_a_subscription_has_no_time_limit(serve: Serve) -> None:
    server = await serve(seed=False, request_seconds=SECONDS)
    await imported(server.client, zagens("s", messages=[user("a")]))
    resumed = await server.client.data(
        'mutation { resumeSession(input: {sessionId: "s"}) { resumeTask { threadId } } }'
    )
    id = resumed["resumeSession"]["resumeTask"]["threadId"]
    query = "subscription ($id: ID!) { resumeTask(threadId: $id) { state } }"

    async with aclosing(server.client.subscribe(query, {"id": id})) as states:
        assert await anext(states) == {"data": {"resumeTask": {"state": "QUEUED"}}}
        await asyncio.sleep(2 * SECONDS)
        cancel = "mutation ($id: ID!) { cancelResume(input: {threadId: $id}) { resumeTask { state } } }"
        await server.client.data(cancel, id=id)
        assert await anext(states) == {"data": {"resumeTask": {"state": "CANCELED"}}}
