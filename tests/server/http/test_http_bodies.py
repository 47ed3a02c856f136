"""No body is too strange for an answer that says what is wrong with it."""

import json
from collections.abc import AsyncIterator

import pytest

from tests.support.databases import SqliteDatabases
from tests.support.http import DATA, GRAPHQL, JSON, OPERATION, get, pieces, post, post_operation, refusal
from tests.support.server import Served, serving

MALFORMED = (400, "BAD_REQUEST")
NO_OPERATION = (400, "OPERATION_RESOLUTION_FAILURE")
BROKEN = {
    "nothing": b"",
    "blanks": b"  \n",
    "half an object": b'{"query": "{ __typename }"',
    "two objects": b"{}{}",
    "a list": b'[{"query": "{ __typename }"}]',
    "a number": b"1",
    "null": b"null",
    "a string": b'"{ __typename }"',
    "UTF-8 that is none": b'{"query": "{ __typename } # \xff"}',
    "UTF-16": OPERATION.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + OPERATION.encode(),
    "NaN": b'{"query": "{ __typename }", "variables": {"a": NaN}}',
    "Infinity": b'{"query": "{ __typename }", "variables": {"a": -Infinity}}',
    "a number beyond all floats": b'{"query": "{ __typename }", "variables": {"a": 1e999}}',
    "a number of too many digits": b'{"query": "{ __typename }", "variables": {"a": %s}}' % (b"9" * 5000),
    "brackets without end": b"[" * 100_000,
    "brackets in brackets": b'{"query": "{ __typename }", "variables": {"a": %s%s}}' % (b"[" * 5000, b"]" * 5000),
}
MISTYPED = {
    "query": [5, True, [], {}, "{ __typename } # \ud800"],
    "variables": [[], "{}", 1, False],
    "operationName": [1, [], {}, "\udfff"],
    "extensions": [[], "{}", 1, False],
}


@pytest.fixture(scope="module")
async def server(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False) as served:
            yield served


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
async def test_a_body_that_is_no_json_object_is_refused(server: Served, body: bytes) -> None:
    assert refusal(await post(server, body)) == MALFORMED


@pytest.mark.parametrize("name", MISTYPED)
async def test_a_member_of_the_wrong_type_is_refused_by_name(server: Served, name: str) -> None:
    for value in MISTYPED[name]:
        response = await post(server, json.dumps({"query": "{ __typename }", name: value}))

        assert refusal(response) == MALFORMED
        assert f"`{name}`" in response.text


@pytest.mark.parametrize("body", ["{}", '{"query": null}', '{"query": ""}', '{"documentId": "x"}'])
async def test_a_body_without_a_query_is_refused(server: Served, body: str) -> None:
    assert refusal(await post(server, body)) == NO_OPERATION


async def test_members_that_may_be_null_or_missing_or_unknown_are_taken(server: Served) -> None:
    operation = {"query": "{ __typename }", "variables": None, "operationName": None, "extensions": None}
    for body in (operation, operation | {"variables": {}, "extensions": {"a": [1]}}, operation | {"__proto__": 1}):
        response = await post(server, json.dumps(body))

        assert (response.status_code, response.json()) == (200, DATA)


async def test_of_a_member_that_is_given_twice_the_last_one_counts(server: Served) -> None:
    assert (await post(server, '{"query": "{ nothing }", "query": "{ __typename }"}')).json() == DATA


async def test_a_whole_number_beyond_64_bits_reaches_the_variable_as_it_is(server: Served) -> None:
    query = "query ($first: Int) { sessions(first: $first) { totalCount } }"

    answer = (await post_operation(server, query, first=2**70)).json()

    assert str(2**70) in answer["errors"][0]["message"]
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_an_error_can_repeat_lone_surrogates_of_a_variable(server: Served) -> None:
    query = "mutation ($input: DeleteSessionInput!) { deleteSession(input: $input) { deletedSessionId } }"

    response = await post_operation(server, query, input={"sessionId": "s", "\ud800": 1})

    assert response.status_code == 200
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_a_document_that_is_nested_too_deeply_is_an_error_of_the_document(server: Served) -> None:
    for query in ("{a" * 3000, f"{{ a(b: {'[' * 3000}{']' * 3000}) }}"):
        response = await post(server, json.dumps({"query": query}), {"accept": GRAPHQL})

        assert refusal_code(response.json()) in {"GRAPHQL_PARSE_FAILED", "QUERY_TOO_COMPLEX"}
        assert response.status_code == 400


def refusal_code(body: dict[str, list[dict[str, dict[str, str]]]]) -> str:
    assert "data" not in body
    return body["errors"][0]["extensions"]["code"]


async def test_a_body_in_parts_is_put_together(server: Served) -> None:
    assert (await post(server, pieces([b'{"query":', b"", b' "{ __typename }"', b"}"]))).json() == DATA


@pytest.mark.parametrize(
    "address",
    [
        "?query=%ff",
        "?query={__typename}&query={__typename}",
        "?query={__typename}&variables=[]",
        "?query={__typename}&variables={",
        "?query={__typename}&variables=NaN",
        "?query={__typename}&extensions=1",
        "?" + "&".join(f"name{number}=1" for number in range(200)),
    ],
)
async def test_an_address_that_is_no_request_is_refused(server: Served, address: str) -> None:
    assert refusal(await server.client.http.get(f"/graphql{address}")) == MALFORMED


async def test_an_address_without_a_query_is_refused(server: Served) -> None:
    for address in ("", "?query=", "?variables={}"):
        assert refusal(await server.client.http.get(f"/graphql{address}")) == NO_OPERATION


async def test_empty_parameters_of_an_address_are_no_parameters(server: Served) -> None:
    response = await get(server, query="{ __typename }", operationName="", variables="", extensions="")

    assert (response.status_code, response.json()) == (200, DATA)


async def test_a_percent_sign_that_means_nothing_is_itself(server: Served) -> None:
    response = await server.client.http.get("/graphql?query=%zz", headers={"accept": GRAPHQL})

    assert response.status_code == 400
    assert refusal_code(response.json()) == "GRAPHQL_PARSE_FAILED"


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/plain;application/json",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json, text/plain",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/jsonx",
        "json",
    ],
)
async def test_what_is_not_json_in_utf_8_is_refused(server: Served, content_type: str) -> None:
    response = await post(server, headers={"content-type": content_type})

    assert refusal(response) == (415, "BAD_REQUEST")
    assert response.headers["accept-post"] == JSON["content-type"]


async def test_a_body_without_a_content_type_is_refused(server: Served) -> None:
    response = await server.client.http.post("/graphql", content=OPERATION)

    assert "content-type" not in response.request.headers
    assert refusal(response) == (415, "BAD_REQUEST")


async def test_json_in_utf_8_may_be_called_so_in_any_way(server: Served) -> None:
    for content_type in ("Application/JSON", "application/json;", 'application/json ; charset="UTF-8"'):
        assert (await post(server, headers={"content-type": content_type})).json() == DATA


async def test_a_compressed_body_is_refused(server: Served) -> None:
    response = await post(server, headers={"content-encoding": "gzip"})

    assert refusal(response) == (415, "BAD_REQUEST")
    assert response.headers["accept-encoding"] == "identity"
