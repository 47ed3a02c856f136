"""Automatic persisted queries: a request may name the document by its hash alone, once the server has seen it."""

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from schema.limits import documents
from tests.support.databases import SqliteDatabases
from tests.support.documents import user, zagens
from tests.support.http import DATA, GRAPHQL, get, post, refusal
from tests.support.multipart import ACCEPT, Stream
from tests.support.raw_socket import greeted
from tests.support.server import Served, serving
from tests.support.sessions import saved

NOT_FOUND = {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}
COUNT = "query Count($filter: SessionFilter) { sessions(filter: $filter) { totalCount } }"
DOCUMENT = "{ __typename }"
DIGEST = hashlib.sha256(DOCUMENT.encode()).hexdigest()
MUTATION = 'mutation { deleteSession(input: {sessionId: "s"}) { deletedSessionId } }'
IMPORT = "mutation ($document: JSON!) { importSession(input: {document: $document}) { session { id } } }"


@pytest.fixture(scope="module")
async def server(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False) as served:
            yield served


def persisted(query: str) -> dict[str, Any]:
    """The extensions that name a document by its hash."""
    return {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(query.encode()).hexdigest()}}


async def answer(server: Served, **request: Any) -> dict[str, Any]:
    body: dict[str, Any] = (await post(server, json.dumps(request))).json()
    return body


async def register(server: Served, query: str, **request: Any) -> None:
    assert "data" in await answer(server, query=query, extensions=persisted(query), **request)


@pytest.mark.parametrize("prepared", [True, False])
async def test_a_registered_query_is_run_by_its_hash(sqlite_databases: SqliteDatabases, prepared: bool) -> None:
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False, prepared=prepared) as server:
            await saved(server, zagens("only"))
            extensions = persisted(COUNT)
            assert await answer(server, extensions=extensions) == {"errors": [NOT_FOUND]}
            for query in (COUNT, None, "", None):
                result = await answer(server, query=query, extensions=extensions)
                assert result == {"data": {"sessions": {"totalCount": 1}}}
            none = {"filter": {"titleContains": "no such title"}}
            result = await answer(server, variables=none, operationName="Count", extensions=extensions)
            assert result == {"data": {"sessions": {"totalCount": 0}}}


async def test_a_query_is_registered_and_run_by_get(server: Served) -> None:
    query = "{ __typename } # by GET"
    extensions = json.dumps(persisted(query))

    assert (await get(server, extensions=extensions)).json() == {"errors": [NOT_FOUND]}
    assert (await get(server, query=query, extensions=extensions)).json() == DATA
    assert (await get(server, extensions=extensions)).json() == DATA
    # Of a link in a browser too, whose page is that of the playground without an operation.
    page = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    assert (await get(server, page, extensions=extensions)).json() == DATA


async def test_an_unknown_hash_has_the_status_of_an_operation_that_does_not_run(server: Served) -> None:
    body = json.dumps({"extensions": persisted("{ unknown }")})

    for accept, status in ((GRAPHQL, 400), ("application/json", 200)):
        response = await post(server, body, {"accept": accept})
        assert refusal(response) == (status, "PERSISTED_QUERY_NOT_FOUND")


async def test_a_hash_of_another_query_is_refused_and_registers_nothing(server: Served) -> None:
    query = "{ __typename } # of another hash"
    result = await answer(server, query=query, extensions=persisted("{ __typename } # another"))

    [error] = result["errors"]
    assert "data" not in result
    assert (error["message"], error["extensions"]["code"]) == ("provided sha does not match query", "BAD_REQUEST")
    for text in (query, "{ __typename } # another"):
        assert await answer(server, extensions=persisted(text)) == {"errors": [NOT_FOUND]}


@pytest.mark.parametrize(
    "value",
    [
        *(1, "x", [], True, {}, {"version": 1}),
        *({"version": version, "sha256Hash": DIGEST} for version in (2, None, True, "1")),
        *({"version": 1, "sha256Hash": 1}, {"version": 1, "sha256Hash": None}, {"version": 1, "sha256Hash": []}),
    ],
)
@pytest.mark.parametrize("query", [None, DOCUMENT])
async def test_another_form_of_persisted_query_is_refused(server: Served, value: object, query: str | None) -> None:
    result = await answer(server, query=query, extensions={"persistedQuery": value})

    assert [error["extensions"]["code"] for error in result["errors"]] == ["BAD_REQUEST"]


async def test_a_query_without_a_hash_is_needed_when_there_is_no_persisted_query(server: Served) -> None:
    for extensions in (None, {}, {"persistedQuery": None}):
        response = await post(server, json.dumps({"extensions": extensions}))
        assert refusal(response) == (400, "OPERATION_RESOLUTION_FAILURE")


async def test_an_invalid_query_is_not_registered(server: Served) -> None:
    for query, code in (("{ nothing }", "GRAPHQL_VALIDATION_FAILED"), ("{", "GRAPHQL_PARSE_FAILED")):
        result = await answer(server, query=query, extensions=persisted(query))
        assert [error["extensions"]["code"] for error in result["errors"]] == [code]
        assert await answer(server, extensions=persisted(query)) == {"errors": [NOT_FOUND]}


async def test_the_rules_of_get_are_those_of_any_operation(server: Served) -> None:
    await register(server, MUTATION)
    await register(server, COUNT)
    mutation, query = json.dumps(persisted(MUTATION)), json.dumps(persisted(COUNT))

    assert refusal(await get(server, extensions=mutation)) == (405, "OPERATION_RESOLUTION_FAILURE")
    for site in ("cross-site", "same-site"):
        response = await get(server, {"sec-fetch-site": site}, extensions=query)
        assert refusal(response) == (403, "FORBIDDEN")
    response = await get(server, {"origin": "http://foreign.example"}, extensions=query)
    assert refusal(response) == (403, "FORBIDDEN")


async def test_the_cache_evicts_the_query_that_was_used_longest_ago(
    sqlite_databases: SqliteDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "CACHE_BYTES", 270_000)
    queries = [f"{{ __typename }} # {number} {'x' * 20_000}" for number in range(4)]
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False) as server:
            for query in queries[:3]:
                await register(server, query)
            assert await answer(server, extensions=persisted(queries[0])) == DATA
            await register(server, queries[3])

            results = [await answer(server, extensions=persisted(query)) for query in queries]
    assert results == [DATA, {"errors": [NOT_FOUND]}, DATA, DATA]


async def test_a_large_import_is_run_by_its_hash(sqlite_databases: SqliteDatabases) -> None:
    document = zagens("large", messages=[user("x" * 40_000)])
    request = {"variables": {"document": document}, "extensions": persisted(IMPORT)}
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False, max_body_bytes=10_000) as server:
            assert await answer(server, **request) == {"errors": [NOT_FOUND]}
            for query in (IMPORT, None):
                result = await answer(server, query=query, **request)
                assert result == {"data": {"importSession": {"session": {"id": "large"}}}}
            await register(server, COUNT)
            response = await post(server, json.dumps({**request, "extensions": persisted(COUNT)}))
            assert refusal(response) == (413, "BAD_REQUEST")


async def test_the_limit_of_a_url_holds_for_registration(sqlite_databases: SqliteDatabases) -> None:
    query = f"{{ __typename }} # {'x' * 2_000}"
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False, max_body_bytes=1_500) as server:
            extensions = json.dumps(persisted(query))
            assert refusal(await get(server, query=query, extensions=extensions)) == (414, "BAD_REQUEST")
            assert (await get(server, extensions=extensions)).json() == {"errors": [NOT_FOUND]}


async def test_a_websocket_runs_what_was_registered_over_http_and_registers_for_it(server: Served) -> None:
    query = "{ __typename } # by websocket"
    async with greeted(server.url) as socket:
        subscribe = {"id": "1", "type": "subscribe", "payload": {"extensions": persisted(query)}}
        await socket.send(subscribe)
        assert await socket.receive() == {"id": "1", "type": "error", "payload": [NOT_FOUND]}
        for payload in ({"query": query}, {}, {"query": ""}):
            await socket.send({**subscribe, "payload": {**payload, "extensions": persisted(query)}})
            assert await socket.receive() == {"id": "1", "type": "next", "payload": DATA}
            assert await socket.receive() == {"id": "1", "type": "complete"}
        await socket.send({**subscribe, "payload": {"query": "{ a }", "extensions": persisted(query)}})
        [error] = (await socket.receive())["payload"]
        assert error["extensions"]["code"] == "BAD_REQUEST"
    assert await answer(server, extensions=persisted(query)) == DATA


async def test_a_multipart_response_subscribes_by_hash(server: Served) -> None:
    query = "subscription { sessionChanges(since: 0) { kind } }"
    await saved(server, zagens("first"))
    extensions = persisted(query)
    assert (await post(server, json.dumps({"extensions": extensions}), {"accept": ACCEPT})).json() == {
        "errors": [NOT_FOUND]
    }
    for text in (query, None):
        body = {"query": text, "extensions": extensions}
        async with server.client.http.stream("POST", "/graphql", json=body, headers={"accept": ACCEPT}) as response:
            assert (await Stream(response).payload())["data"]["sessionChanges"]["kind"] == "CREATED"


async def test_a_websocket_subscribes_by_hash(server: Served) -> None:
    query = "subscription { sessionChanges { session { id } } }"
    async with greeted(server.url) as socket:
        for payload in ({"query": query}, {}):
            await socket.send({"id": "1", "type": "subscribe", "payload": {**payload, "extensions": persisted(query)}})
            await saved(server, zagens(f"changed-{len(payload)}"))
            message = await socket.receive()
            assert message["payload"]["data"]["sessionChanges"]["session"]["id"] == f"changed-{len(payload)}"
            await socket.send({"id": "1", "type": "complete"})
            await socket.is_alive()
