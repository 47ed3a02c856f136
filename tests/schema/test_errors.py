"""Every error of a response has a code, and unexpected errors are masked."""

import logging
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import GraphQLError
from strawberry.types import ExecutionResult

import resolvers.resume_task
import resolvers.session
from resolvers.errors import BadUserInput, CodedError, NotFound, ServiceUnavailable, SessionUnreadable
from schema.build import create_schema
from tests.support.subscriptions import started

SCHEMA = create_schema()
SUBSCRIPTION = 'subscription { resumeTask(threadId: "t") { revision } }'

REQUEST_ERRORS = [
    ("{", {}, None, "GRAPHQL_PARSE_FAILED"),
    ("{ nothing }", {}, None, "GRAPHQL_VALIDATION_FAILED"),
    ("{ sessions(first: 1.5) { totalCount } }", {}, None, "GRAPHQL_VALIDATION_FAILED"),
    ('{ sessions(filter: {createdAt: {from: "now"}}) { totalCount } }', {}, None, "BAD_USER_INPUT"),
    ("mutation { importSession(input: {document: {a: RED}}) { outcome } }", {}, None, "BAD_USER_INPUT"),
    ("query ($id: ID!) { session(id: $id) { id } }", {}, None, "BAD_USER_INPUT"),
    ("query ($n: Int) { sessions(first: $n) { totalCount } }", {"n": "x"}, None, "BAD_USER_INPUT"),
    (
        "query ($when: DateTime) { sessions(filter: {createdAt: {from: $when}}) { totalCount } }",
        {"when": "2026-06-11T07:52:10"},
        None,
        "BAD_USER_INPUT",
    ),
    ("query A { __typename } query B { __typename }", {}, None, "OPERATION_RESOLUTION_FAILURE"),
    ("query A { __typename } query B { __typename }", {}, "C", "OPERATION_RESOLUTION_FAILURE"),
    ("fragment F on Query { __typename }", {}, None, "OPERATION_RESOLUTION_FAILURE"),
]


async def execute(query: str, **variables: object) -> tuple[Any, list[Any]]:
    result = await SCHEMA.execute(query, variables)
    return result.data, [error.formatted for error in result.errors or ()]


async def stream(
    query: str, variables: dict[str, Any] | None = None, operation_name: str | None = None
) -> list[tuple[Any, list[Any]]]:
    answers = []
    async for result in await SCHEMA.stream(query, variables, operation_name=operation_name):
        assert isinstance(result, ExecutionResult)
        answers.append((result.data, [error.formatted for error in result.errors or ()]))
    return answers


def raising(error: Exception) -> Any:
    async def resolver(*_args: object, **_kwargs: object) -> object:
        raise error

    return resolver


@pytest.mark.parametrize(("query", "variables", "operation_name", "code"), REQUEST_ERRORS)
async def test_an_error_of_the_request_has_its_code(
    query: str, variables: dict[str, Any], operation_name: str | None, code: str
) -> None:
    # Twice, to cover the document cache.
    for _ in range(2):
        result = await SCHEMA.execute(query, variables, operation_name=operation_name)

        assert result.data is None
        assert [error.extensions for error in result.errors or ()] == [{"code": code}]


@pytest.mark.parametrize(("query", "variables", "operation_name", "code"), REQUEST_ERRORS)
async def test_an_error_of_the_request_has_its_code_on_a_stream(
    query: str, variables: dict[str, Any], operation_name: str | None, code: str
) -> None:
    [(data, [error])] = await stream(query, variables, operation_name)

    assert data is None
    assert error["extensions"] == {"code": code}


async def test_two_subscriptions_need_an_operation_name() -> None:
    two = SUBSCRIPTION.replace("subscription", "subscription A") + SUBSCRIPTION.replace(
        "subscription", "subscription B"
    )

    [(data, [error])] = await stream(two)

    assert data is None
    assert error["message"] == "Must provide operation name if query contains multiple operations."
    assert error["extensions"] == {"code": "OPERATION_RESOLUTION_FAILURE"}


async def test_one_of_two_operations_runs_when_it_is_named() -> None:
    result = await SCHEMA.execute("query A { a: __typename } query B { b: __typename }", operation_name="B")

    assert result.errors is None
    assert result.data == {"b": "Query"}


async def test_a_misspelled_field_is_answered_with_a_suggestion() -> None:
    _, [error] = await execute("{ sesions { totalCount } }")

    assert "Did you mean 'sessions'" in error["message"]


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (BadUserInput("`first` and `last` exclude each other."), "BAD_USER_INPUT"),
        (NotFound("There is no such thread."), "NOT_FOUND"),
        (SessionUnreadable("The session cannot be read."), "SESSION_UNREADABLE"),
        (ServiceUnavailable("The database is away."), "SERVICE_UNAVAILABLE"),
    ],
)
async def test_an_expected_error_keeps_its_message_and_path(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, raised: CodedError, code: str
) -> None:
    monkeypatch.setattr(resolvers.session, "sessions", raising(raised))

    data, errors = await execute("{ list: sessions { totalCount } }")

    assert data == {"list": None}
    assert errors == [
        {
            "message": str(raised),
            "locations": [{"line": 1, "column": 3}],
            "path": ["list"],
            "extensions": {"code": code},
        }
    ]
    assert caplog.records == []


@pytest.mark.parametrize("raised", [RuntimeError("/secret/path"), GraphQLError("/secret/path")])
async def test_an_unexpected_error_is_masked_and_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, raised: Exception
) -> None:
    monkeypatch.setattr(resolvers.session, "session", raising(raised))

    _, [error] = await execute('{ session(id: "s") { id } }')

    assert error["message"] == "Internal server error."
    assert error["path"] == ["session"]
    assert error["extensions"].keys() == {"code", "errorId"}
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    [record] = caplog.records
    assert (record.name, record.levelno) == ("reprise", logging.ERROR)
    assert error["extensions"]["errorId"] in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[1] is raised
    assert record.exc_info[2] is not None


async def test_a_value_that_does_not_fit_its_type_is_an_internal_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def session(*_args: object) -> object:
        return SimpleNamespace(message_count=2**31, total_tokens=None, source="/secret/path", created_at="/secret/path")

    monkeypatch.setattr(resolvers.session, "session", session)

    for field in ("messageCount", "totalTokens", "source", "createdAt"):
        caplog.clear()
        _, [error] = await execute(f'{{ session(id: "s") {{ {field} }} }}')

        assert error["message"] == "Internal server error."
        assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert len(caplog.records) == 1


async def test_null_from_a_variable_for_a_non_null_argument_is_bad_user_input() -> None:
    query = "query ($first: Int = 5) { resumeTasks(first: $first) { totalCount } }"

    _, [error] = await execute(query, first=None)

    assert error["path"] == ["resumeTasks"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_an_event_of_a_subscription_has_coded_errors_and_the_stream_continues(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def watch(_context: object, _thread_id: str) -> AsyncIterator[object]:
        yield SimpleNamespace(revision="/secret/path")
        yield SimpleNamespace(revision=2)

    monkeypatch.setattr(resolvers.resume_task, "task_updates", started(watch))

    [(_, [error]), good] = await stream(SUBSCRIPTION)

    assert error["message"] == "Internal server error."
    assert error["path"] == ["resumeTask", "revision"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert good == ({"resumeTask": {"revision": 2}}, [])


@pytest.mark.parametrize(
    ("raised", "message", "code"),
    [
        (NotFound("There is no such thread."), "There is no such thread.", "NOT_FOUND"),
        (RuntimeError("/secret/path"), "Internal server error.", "INTERNAL_SERVER_ERROR"),
    ],
)
async def test_an_error_that_ends_a_subscription_is_its_last_event(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, message: str, code: str
) -> None:
    async def watch(_context: object, _thread_id: str) -> AsyncIterator[object]:
        yield SimpleNamespace(revision=1)
        raise raised

    monkeypatch.setattr(resolvers.resume_task, "task_updates", started(watch))

    [first, (data, [error])] = await stream(SUBSCRIPTION)

    assert first == ({"resumeTask": {"revision": 1}}, [])
    assert data is None
    assert error["message"] == message
    assert error["extensions"]["code"] == code


async def test_subscribe_refuses_a_mutation_with_a_code() -> None:
    results = await SCHEMA.subscribe('mutation { deleteSession(input: {sessionId: "s"}) { deletedSessionId } }')

    [errors] = [result.errors or [] async for result in results]

    assert [error.extensions for error in errors] == [{"code": "OPERATION_RESOLUTION_FAILURE"}]
