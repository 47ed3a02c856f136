"""What is kept of prepared operations is bounded."""

import pytest

from resolvers.context import Context
from schema.build import create_schema
from schema.execution import operation, operations, selections
from schema.execution.loads import Loads
from schema.execution.operations import PreparedOperations
from schema.execution.request import OperationRequest
from storage.database.database import Database
from tests.support.databases import SqliteDatabases

SKIPPED = "query ({}) {{ {} }}"


@pytest.fixture
async def prepared(sqlite_databases: SqliteDatabases) -> PreparedOperations:
    with sqlite_databases.copy() as url:
        return PreparedOperations(create_schema(), Context(Database(url), Loads))


async def answered(prepared: PreparedOperations, query: str, **variables: object) -> bool:
    """Whether a plan answers the query, which has been seen before."""
    documents = prepared.schema.documents
    assert not documents.errors(documents.parsed(query))
    return await prepared.execute(OperationRequest(query, variables, None, None)) is not None


async def test_no_more_than_so_many_are_kept(prepared: PreparedOperations, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MOST_OPERATIONS", 3)
    for number in range(9):
        assert await answered(prepared, f"{{ __typename }} #{number}")
        assert len(prepared) == min(number + 1, 3)


async def test_no_more_than_so_many_bytes_are_kept(
    prepared: PreparedOperations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "MOST_BYTES", 30_000)
    fields = " ".join(f"f{number}: __typename" for number in range(7))
    for number in range(9):
        assert await answered(prepared, f"{{ {fields} }} #{number}")
    assert len(prepared) == 1


async def test_of_an_operation_no_more_than_so_many_plans_are_made(
    prepared: PreparedOperations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operation, "MOST_PLANS", 2)
    query = SKIPPED.format(
        " ".join(f"$v{number}: Boolean!" for number in range(3)),
        " ".join(f"f{number}: __typename @skip(if: $v{number})" for number in range(3)) + " __typename",
    )
    told = [
        await answered(prepared, query, v0=bool(number & 1), v1=bool(number & 2), v2=bool(number & 4))
        for number in range(8)
    ]
    assert told == [True, True, *[False] * 6]
    assert await answered(prepared, query, v0=False, v1=False, v2=False)


async def test_what_asks_for_too_much_gets_no_plan(
    prepared: PreparedOperations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selections, "MOST_FIELDS", 5)
    assert await answered(prepared, "{ a: __typename b: __typename }")
    assert not await answered(
        prepared, "{ a: __typename b: __typename c: __typename d: __typename e: __typename f: __typename }"
    )


@pytest.mark.parametrize(
    "query",
    [
        'mutation { deleteSession(input: {sessionId: "s"}) { deletedSessionId } }',
        'subscription { resumeTask(threadId: "t") { state } }',
        "{ __schema { description } }",
        "query A { __typename } query B { __typename }",
    ],
)
async def test_other_kinds_are_left_to_graphql_core(prepared: PreparedOperations, query: str) -> None:
    assert not await answered(prepared, query)
