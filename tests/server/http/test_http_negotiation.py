"""The media type of an answer, and what it does to the status."""

import json
from collections.abc import AsyncIterator

import pytest

from tests.support.databases import SqliteDatabases
from tests.support.http import DATA, GRAPHQL, JSON, get, post, refusal
from tests.support.server import Served, serving

AS_JSON = "application/json"
REQUEST_ERRORS = {
    "GRAPHQL_PARSE_FAILED": ("{", {}),
    "GRAPHQL_VALIDATION_FAILED": ("{ nothing }", {}),
    "BAD_USER_INPUT": ("query ($first: Int) { sessions(first: $first) { totalCount } }", {"first": "x"}),
    "OPERATION_RESOLUTION_FAILURE": ("query A { __typename } query B { __typename }", {}),
}


@pytest.fixture(scope="module")
async def server(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False) as served:
            yield served


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", AS_JSON),
        ("*/*", AS_JSON),
        ("application/*", AS_JSON),
        (AS_JSON, AS_JSON),
        (GRAPHQL, GRAPHQL),
        ("APPLICATION/GraphQL-Response+JSON; charset=UTF-8", GRAPHQL),
        (f"{GRAPHQL},{AS_JSON};q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0.8 , {AS_JSON}; q=0.9", AS_JSON),
        # Equal: the first.
        (f"{GRAPHQL}, application/graphql+json, {AS_JSON}, text/event-stream, multipart/mixed", GRAPHQL),
        (f"{AS_JSON}, {GRAPHQL}", AS_JSON),
        # What is named exactly goes before what is meant too.
        (f"*/*, {GRAPHQL}", GRAPHQL),
        (f"*/*, {AS_JSON};q=0", GRAPHQL),
        (f"*/*;q=0.5, {GRAPHQL};q=0.1", AS_JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", AS_JSON),
        (f"{AS_JSON};q=nonsense, {GRAPHQL}", GRAPHQL),
        (f"{AS_JSON};charset=utf-16, */*;q=0.1", AS_JSON),
        (f";;,,{AS_JSON};=;", AS_JSON),
        ("x/y, " * 10_000 + AS_JSON, AS_JSON),
    ],
)
async def test_an_answer_has_the_media_type_that_is_wanted_most(server: Served, accept: str, media_type: str) -> None:
    for response in (
        await post(server, headers={"accept": accept}),
        await get(server, {"accept": accept}, query="{ __typename }"),
    ):
        assert (response.status_code, response.json()) == (200, DATA)
        assert response.headers["content-type"] == f"{media_type}; charset=utf-8"


async def test_several_accept_headers_are_one(server: Served) -> None:
    headers = [*JSON.items(), ("accept", "text/html"), ("accept", GRAPHQL)]

    response = await server.client.http.post("/graphql", content=b'{"query": "{ __typename }"}', headers=headers)

    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"


@pytest.mark.parametrize(
    "accept",
    ["text/html", "multipart/mixed", "nonsense", "*/*;q=0", f"{AS_JSON};q=0", f"{GRAPHQL};q=-1"],
)
async def test_a_client_that_takes_neither_media_type_is_refused(server: Served, accept: str) -> None:
    assert refusal(await post(server, headers={"accept": accept})) == (406, "BAD_REQUEST")


async def test_a_refusal_has_the_media_type_that_is_wanted(server: Served) -> None:
    for accept in (AS_JSON, GRAPHQL):
        response = await post(server, "[]", {"accept": accept})

        assert refusal(response) == (400, "BAD_REQUEST")
        assert response.headers["content-type"] == f"{accept}; charset=utf-8"


@pytest.mark.parametrize("code", REQUEST_ERRORS)
async def test_an_operation_that_is_not_run_gets_400_as_graphql_and_200_as_json(server: Served, code: str) -> None:
    query, variables = REQUEST_ERRORS[code]
    for accept, status in ((GRAPHQL, 400), (AS_JSON, 200)):
        body = json.dumps({"query": query, "variables": variables})
        response = await post(server, body, {"accept": accept})

        answer = response.json()
        assert answer.keys() == {"errors"}
        assert answer["errors"][0]["extensions"]["code"] == code
        assert response.status_code == status


async def test_an_error_of_a_field_leaves_the_status_and_the_data(server: Served) -> None:
    response = await post(server, '{"query": "{ sessions(first: -1) { totalCount } }"}', {"accept": GRAPHQL})

    assert response.status_code == 200
    assert response.json()["data"] == {"sessions": None}
    assert response.json()["errors"][0]["path"] == ["sessions"]
