"""Which methods are answered, and what each may run."""

import json
from collections.abc import AsyncIterator

import pytest

from tests.support.databases import SqliteDatabases
from tests.support.http import DATA, GRAPHQL, get, post, post_operation, refusal
from tests.support.server import Served, serving

MUTATION = 'mutation { deleteSession(input: {sessionId: "s"}) { deletedSessionId } }'
SUBSCRIPTION = 'subscription { resumeTask(threadId: "t") { state } }'
PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
async def server(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False) as served:
            yield served


@pytest.fixture(scope="module")
async def hardened(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False, hardened=True) as served:
            yield served


async def test_queries_are_run_by_get_and_by_post(server: Served) -> None:
    assert (await get(server, query="{ __typename }")).json() == DATA
    assert (await post(server)).json() == DATA


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_other_methods_are_refused_with_those_that_are_not(server: Served, method: str) -> None:
    response = await server.client.http.request(method, "/graphql")

    assert refusal(response) == (405, "BAD_REQUEST")
    assert response.headers["allow"] == "GET, POST"


async def test_a_head_has_the_status_of_a_refusal_and_no_body(server: Served) -> None:
    response = await server.client.http.head("/graphql")

    assert (response.status_code, response.headers["allow"], response.content) == (405, "GET, POST", b"")


async def test_a_mutation_is_not_run_by_get(server: Served) -> None:
    for accept in ("*/*", GRAPHQL):
        response = await get(server, {"accept": accept}, query=MUTATION)

        assert refusal(response) == (405, "OPERATION_RESOLUTION_FAILURE")
        assert response.headers["allow"] == "GET, POST"
        assert "POST" in response.json()["errors"][0]["message"]


async def test_of_several_operations_the_named_one_decides_what_get_may_run(server: Served) -> None:
    query = f"query A {{ __typename }} {MUTATION.replace('mutation', 'mutation B')}"

    assert (await get(server, query=query, operationName="A")).json() == DATA
    assert refusal(await get(server, query=query, operationName="B")) == (405, "OPERATION_RESOLUTION_FAILURE")


@pytest.mark.parametrize("first", [MUTATION, SUBSCRIPTION])
async def test_of_several_operations_one_must_be_named_whatever_the_first_one_is(server: Served, first: str) -> None:
    query = f"{first.replace(' {', ' A {', 1)} query B {{ __typename }}"

    for accept, status in ((GRAPHQL, 400), ("application/json", 200)):
        for response in (
            await get(server, {"accept": accept}, query=query),
            await post(server, json.dumps({"query": query}), {"accept": accept}),
        ):
            assert refusal(response) == (status, "OPERATION_RESOLUTION_FAILURE")
            assert "operation name" in response.json()["errors"][0]["message"]


async def test_a_plain_subscription_is_refused_with_the_supported_transports(server: Served) -> None:
    for response in (await post_operation(server, SUBSCRIPTION), await get(server, query=SUBSCRIPTION)):
        assert refusal(response) == (400, "OPERATION_RESOLUTION_FAILURE")
        assert "graphql-transport-ws" in response.json()["errors"][0]["message"]


async def test_a_client_of_multipart_subscriptions_gets_queries_as_json(server: Served) -> None:
    for accept in ("multipart/mixed;subscriptionSpec=1.0", "multipart/mixed;subscriptionSpec=1.0,application/json"):
        response = await post(server, headers={"accept": accept})

        assert (response.status_code, response.json()) == (200, DATA)
        assert response.headers["content-type"] == "application/json; charset=utf-8"


async def test_an_address_that_is_not_there_is_refused(server: Served) -> None:
    assert refusal(await server.client.http.get("/nothing")) == (404, "NOT_FOUND")


async def test_a_hardened_server_answers_post_alone(hardened: Served) -> None:
    for response in (await get(hardened, query="{ __typename }"), await get(hardened, PAGE)):
        assert refusal(response) == (405, "BAD_REQUEST")
        assert response.headers["allow"] == "POST"
    assert (await post(hardened)).json() == DATA


async def test_a_fault_of_the_server_is_masked(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.http.endpoint.response_of", lambda _: 1 / 0)

    response = await post(server)

    assert refusal(response) == (500, "INTERNAL_SERVER_ERROR")
    assert "zero" not in response.text
