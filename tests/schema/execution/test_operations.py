"""The cache of prepared operations is bounded in bytes, and so are the plans of each operation."""

from collections.abc import AsyncIterator, Callable

import pytest

from resolvers.context import Context
from schema.build import create_schema
from schema.execution import operation, operations, selections
from schema.execution.loader import PlanLoader
from schema.execution.operations import PreparedOperations
from schema.execution.request import OperationRequest
from storage.database.database import Database
from tests.support.databases import SqliteDatabases

SKIPPED = "query ({}) {{ {} }}"


@pytest.fixture
async def new_prepared(sqlite_databases: SqliteDatabases) -> AsyncIterator[Callable[[], PreparedOperations]]:
    with sqlite_databases.copy() as url:
        yield lambda: PreparedOperations(create_schema(), Context(Database(url), PlanLoader))


@pytest.fixture
def prepared(new_prepared: Callable[[], PreparedOperations]) -> PreparedOperations:
    return new_prepared()


async def answered(prepared: PreparedOperations, query: str, **variables: object) -> bool:
    """Whether a plan answers the query, which has been seen before."""
    documents = prepared.schema.documents
    assert not documents.validate(documents.parse(query))
    return await prepared.execute(OperationRequest(query, variables, None, None)) is not None


async def test_the_cache_evicts_operations_beyond_its_bytes(
    new_prepared: Callable[[], PreparedOperations], monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = " ".join(f"f{number}: __typename" for number in range(7))
    monkeypatch.setattr(operations, "CACHE_BYTES", 100_000)
    prepared = new_prepared()
    for number in range(9):
        assert await answered(prepared, f"{{ {fields} }} #{number}")
    assert len(prepared) == 2


async def test_an_operation_larger_than_the_cache_is_answered_and_not_stored(
    new_prepared: Callable[[], PreparedOperations], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "CACHE_BYTES", 1_000)
    prepared = new_prepared()
    for _ in range(2):
        assert await answered(prepared, "{ __typename }")
    assert len(prepared) == 0


async def test_an_operation_has_a_limited_number_of_plans(
    prepared: PreparedOperations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operation, "MAX_PLANS", 2)
    query = SKIPPED.format(
        " ".join(f"$v{number}: Boolean!" for number in range(3)),
        " ".join(f"f{number}: __typename @skip(if: $v{number})" for number in range(3)) + " __typename",
    )
    planned = [
        await answered(prepared, query, v0=bool(number & 1), v1=bool(number & 2), v2=bool(number & 4))
        for number in range(8)
    ]
    assert planned == [True, True, *[False] * 6]
    assert await answered(prepared, query, v0=False, v1=False, v2=False)


async def test_an_operation_with_too_many_fields_gets_no_plan(
    prepared: PreparedOperations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selections, "MAX_FIELDS", 5)
    assert await answered(prepared, "{ a: __typename b: __typename }")
    assert not await answered(
        prepared, "{ a: __typename b: __typename c: __typename d: __typename e: __typename f: __typename }"
    )


@pytest.mark.parametrize(
    "query",
    [
        'mutation { deleteSession(input: {sessionId: "s"}) { deletedSessionId } }',
        'subscription { resumeTask(threadId: "t") { state } }',
        '{ __schema { description } session(id: "s") { id } }',
        "query A { __typename } query B { __typename }",
    ],
)
async def test_other_operations_are_left_to_graphql_core(prepared: PreparedOperations, query: str) -> None:
    assert not await answered(prepared, query)
