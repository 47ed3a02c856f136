"""The checks of graphql-cop, an auditor of what GraphQL servers give away and give in to, on a hardened server."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.databases import SqliteDatabases
from tests.support.server import Served, serving

NAME = "query cop { __typename }"
CIRCLE = "query cop { __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }"


@pytest.fixture(scope="module")
async def server(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    with sqlite_databases.copy() as url:
        async with serving(url, hardened=True, seed=False) as served:
            yield served


async def codes(server: Served, query: str) -> set[str]:
    """Of the errors that come in place of data."""
    answer = await server.client.execute(query)
    assert answer.get("data") is None, answer
    return {error["extensions"]["code"] for error in answer["errors"]}


async def test_101_aliases_are_refused(server: Served) -> None:
    aliases = " ".join(f"alias{number}: __typename" for number in range(101))

    assert await codes(server, f"query cop {{ {aliases} }}") == {"QUERY_TOO_COMPLEX"}


async def test_a_batch_of_operations_is_refused(server: Served) -> None:
    answer = await server.client.http.post("/graphql", json=[{"query": NAME}] * 10)

    assert answer.status_code == 400
    assert "data" not in answer.json()


async def test_a_directive_in_abundance_is_refused(server: Served) -> None:
    many = "@include(if: true) " * 51

    assert await codes(server, f"query cop {{ __typename {many} }}") == {"QUERY_TOO_COMPLEX"}


async def test_unknown_directives_are_not_all_reported(server: Served) -> None:
    answer = await server.client.execute("query { __typename @aa@aa@aa@aa@aa@aa@aa@aa@aa@aa }")

    assert 1 <= len(answer["errors"]) <= 5


async def test_a_field_500_times_is_refused(server: Served) -> None:
    assert await codes(server, f"query cop {{ {'__typename ' * 500} }}") == {"QUERY_TOO_COMPLEX"}


async def test_fragments_in_a_circle_are_refused(server: Served) -> None:
    fragments = "fragment A on Query { __typename ...B } fragment B on Query { __typename ...A }"

    assert await codes(server, f"query cop {{ ...A }} {fragments}") == {"GRAPHQL_VALIDATION_FAILED"}


@pytest.mark.parametrize("query", [CIRCLE, "query cop { __schema { types { name fields { name } } } }"])
async def test_introspection_is_refused(server: Served, query: str) -> None:
    assert await codes(server, query) == {"GRAPHQL_VALIDATION_FAILED"}


@pytest.mark.parametrize("query", [NAME, "mutation cop { __typename }"])
async def test_get_is_refused(server: Served, query: str) -> None:
    answer = await server.client.http.get("/graphql", params={"query": query})

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert "data" not in answer.json()


@pytest.mark.parametrize("path", ["/graphql", "/", "/graphiql", "/playground", "/console", "/graphql/"])
async def test_no_playground_is_shown(server: Served, path: str) -> None:
    answer = await server.client.http.get(path, headers={"accept": "text/html"}, follow_redirects=True)

    assert answer.status_code in {404, 405}
    assert "graphiql" not in answer.text.lower()


@pytest.mark.parametrize(
    "query",
    ["query cop { __schema { directive } }", "{ sesions { totalCount } }", "{ sessions(frist: 1) { totalCount } }"],
)
async def test_no_names_are_suggested(server: Served, query: str) -> None:
    answer = await server.client.execute(query)

    assert answer["errors"]
    assert "did you mean" not in str(answer).lower()


async def test_answers_hold_no_trace(server: Served) -> None:
    answer = await server.client.execute(NAME)

    assert answer == {"data": {"__typename": "Query"}}


async def test_a_form_of_another_site_is_refused(server: Served) -> None:
    answer = await server.client.http.post("/graphql", data={"query": NAME})

    assert answer.status_code == 415
    assert "data" not in answer.json()


async def test_errors_hold_no_exception(server: Served) -> None:
    answer: dict[str, Any] = await server.client.execute("qwerty cop { abc }")

    assert [error["extensions"] for error in answer["errors"]] == [{"code": "GRAPHQL_PARSE_FAILED"}]
