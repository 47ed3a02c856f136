"""Every failure has its code over HTTP, and no error reveals internals."""

import logging
import sqlite3
from typing import Any

import pytest

import resolvers.session
from resolvers import session_organizing
from tests.conftest import Serve
from tests.support.client import SubscriptionError
from tests.support.documents import user, zagens
from tests.support.server import serving
from tests.support.sessions import imported, session, update_session

LIST = "{ sessions { nodes { id } } }"
SECRET = "/srv/secret: password=hunter2"


def codes(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer["errors"]]


async def test_an_invalid_request_has_its_code(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    two = "query A { __typename } query B { __typename }"

    requests: list[tuple[str, dict[str, Any], str | None, str]] = [
        ("{", {}, None, "GRAPHQL_PARSE_FAILED"),
        ("{ sessions { nope } }", {}, None, "GRAPHQL_VALIDATION_FAILED"),
        ("{ sessions(first: true) { totalCount } }", {}, None, "GRAPHQL_VALIDATION_FAILED"),
        (two, {}, "C", "OPERATION_RESOLUTION_FAILURE"),
        (two, {}, None, "OPERATION_RESOLUTION_FAILURE"),
        ("query ($n: Int) { sessions(first: $n) { totalCount } }", {"n": "x"}, None, "BAD_USER_INPUT"),
        ("query ($n: Int) { sessions(first: $n) { totalCount } }", {"n": 2**31}, None, "BAD_USER_INPUT"),
        ("query ($id: ID!) { session(id: $id) { id } }", {}, None, "BAD_USER_INPUT"),
        ("query ($id: ID!) { session(id: $id) { id } }", {"id": []}, None, "BAD_USER_INPUT"),
        ("{ sessions(first: -1) { totalCount } }", {}, None, "BAD_USER_INPUT"),
        ("{ resumeTasks(first: -1) { totalCount } }", {}, None, "BAD_USER_INPUT"),
        ('{ sessions(filter: {createdAt: {from: "now"}}) { totalCount } }', {}, None, "BAD_USER_INPUT"),
    ]
    for query, variables, operation_name, code in requests:
        assert codes(await client.execute(query, variables, operation_name)) == [code], query


async def test_subscribing_to_an_unknown_thread_is_not_found(serve: Serve) -> None:
    client = (await serve(seed=False)).client

    for id in ("thr_0", "", "../x", "\x00", "x" * 1000):
        with pytest.raises(SubscriptionError) as refusal:
            async for _ in client.subscribe(
                "subscription ($id: ID!) { resumeTask(threadId: $id) { state } }", {"id": id}
            ):
                pass
        assert codes({"errors": refusal.value.errors}) == ["NOT_FOUND"]


async def test_an_unexpected_error_is_masked_and_logged_with_its_id(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = (await serve(seed=False)).client
    [saved] = await imported(client, zagens("s", messages=[user("a")]))

    async def broken(*_args: object, **_kwargs: object) -> object:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(resolvers.session, "session_page", broken)
    monkeypatch.setattr(session_organizing, "update_stored_sessions", broken)
    operations = [
        '{ sessions { totalCount } session(id: "s") { id } }',
        'mutation { updateSession(input: {sessionId: "s", title: "x"}) { session { id } } }',
    ]
    answers = [await client.execute(operation) for operation in operations]

    assert answers[0]["data"] == {"sessions": None, "session": {"id": saved["id"]}}
    assert answers[1]["data"] == {"updateSession": None}
    for answer in answers:
        [error] = answer["errors"]
        assert error["message"] == "Internal server error."
        assert error["extensions"].keys() == {"code", "errorId"}
        assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert "hunter2" not in repr(answer)
        [record] = [one for one in caplog.records if error["extensions"]["errorId"] in one.getMessage()]
        assert record.levelno == logging.ERROR
        assert record.exc_info is not None
        assert SECRET in str(record.exc_info[1])


async def test_each_failed_field_has_an_error_with_its_path(serve: Serve) -> None:
    client = (await serve(seed=False)).client

    answer = await client.execute(
        '{ a: sessions(first: -1) { totalCount } b: sessions(after: "x") { totalCount } c: __typename }'
    )

    assert answer["data"] == {"a": None, "b": None, "c": "Query"}
    assert sorted(error["path"] for error in answer["errors"]) == [["a"], ["b"]]
    assert codes(answer) == ["BAD_USER_INPUT"] * 2


@pytest.mark.parametrize(
    "url",
    ["sqlite:////nowhere/at/all/reprise.db", "postgresql://reprise@127.0.0.1:1/reprise"],
    ids=["sqlite", "postgresql"],
)
async def test_an_unreachable_database_is_service_unavailable(url: str) -> None:
    async with serving(url, seed=False) as server:
        for operation in (
            LIST,
            '{ session(id: "s") { id } }',
            'mutation { deleteSession(input: {sessionId: "s"}) { deletedSessionId } }',
            'mutation { updateSession(input: {sessionId: "s", title: "x"}) { session { id } } }',
        ):
            answer = await server.client.execute(operation)

            assert codes(answer) == ["SERVICE_UNAVAILABLE"], operation
            assert "nowhere" not in repr(answer)
            assert "127.0.0.1" not in repr(answer)


@pytest.mark.slow
async def test_a_sqlite_file_locked_by_another_program_can_be_read_and_not_written(
    serve: Serve, database_url: str
) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL has many writers.")
    server = await serve(seed=False)
    await imported(server.client, zagens("s"))

    # One request after another has used one connection, which shall not wait now.
    async with server.app.state.database.snapshot() as connection:
        await connection.connection.exec_driver_sql("PRAGMA busy_timeout=0")
    other = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = await server.client.execute(
        'mutation { updateSession(input: {sessionId: "s", title: "x"}) { session { id } } }'
    )
    assert codes(answer) == ["SERVICE_UNAVAILABLE"]
    assert await session(server.client, "s", "id") == {"id": "s"}
    other.execute("ROLLBACK")
    other.close()

    assert (await update_session(server.client, "s", title="x"))["session"]["title"] == "x"
