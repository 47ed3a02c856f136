"""A repeated introspection is answered from the cache, without another look at the schema."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from graphql import get_introspection_query

from schema.executor import BudgetedExecutor
from tests.conftest import Serve
from tests.support.statements import statements

TYPE = "query ($name: String!, $all: Boolean) { __type(name: $name) { name fields(includeDeprecated: $all) { name } } }"


@contextmanager
def executions(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[None]]:
    """A list with an item for each operation that graphql-core executes within the block."""
    found: list[None] = []
    execute_operation = BudgetedExecutor.execute_operation

    def counted(executor: BudgetedExecutor, *args: Any, **kwargs: Any) -> Any:
        found.append(None)
        return execute_operation(executor, *args, **kwargs)

    with monkeypatch.context() as patches:
        patches.setattr(BudgetedExecutor, "execute_operation", counted)
        yield found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_it_is_executed_until_it_is_cached(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await serve(seed=False)
    query = get_introspection_query()
    with executions(monkeypatch) as executed, statements(server) as said:
        answers = [await server.client.execute(query) for _ in range(8)]
    assert len(executed) == 3
    assert not [statement for statement in said if "change_counter" in statement]
    # The order of the keys, too.
    assert {json.dumps(answer) for answer in answers} == {json.dumps(answers[0])}
    assert answers[0]["data"]["__schema"]["queryType"]["name"] == "Query"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_each_request_is_answered_by_its_own_variables(serve: Serve) -> None:
    server = await serve(seed=False)
    plain = await serve(seed=False, prepared=False)
    given: list[dict[str, Any]] = [
        {"name": "Session"},
        {"name": "Session", "all": True},
        {"name": "Nobody", "all": False},
    ]
    for variables in given * 5:
        answer = await server.client.execute(TYPE, variables)
        assert answer == await plain.client.execute(TYPE, variables)
        assert "errors" not in answer


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_names_of_operations_and_the_conditions_count(serve: Serve) -> None:
    server = await serve(seed=False)
    query = """
      query One { __schema { queryType { name } } __typename }
      query Other($with: Boolean!) { again: __schema @include(if: $with) { mutationType { name } } __typename }
    """
    for _ in range(5):
        assert (await server.client.execute(query, {}, "One"))["data"] == {
            "__schema": {"queryType": {"name": "Query"}},
            "__typename": "Query",
        }
        for has_it in (True, False):
            answer = await server.client.execute(query, {"with": has_it}, "Other")
            assert answer["data"] == {
                **({"again": {"mutationType": {"name": "Mutation"}}} if has_it else {}),
                "__typename": "Query",
            }


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_answer_that_is_too_large_is_refused_each_time(serve: Serve) -> None:
    server = await serve(seed=False, max_answer_bytes=100_000)
    for _ in range(6):
        answer = await server.client.execute(get_introspection_query())
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["QUERY_TOO_COMPLEX"]
