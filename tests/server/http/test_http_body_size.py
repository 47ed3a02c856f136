"""How much of a body is read and held, and of whose."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from server.http.endpoint import LARGE_BODIES
from tests.support.databases import SqliteDatabases
from tests.support.documents import user, zagens
from tests.support.http import DATA, OPERATION, pieces, post, refusal
from tests.support.server import Served, serving

MOST = 2_000
MOST_OF_IMPORT = 200_000
TOO_LARGE = (413, "BAD_REQUEST")
IMPORT = "mutation ($input: ImportSessionInput!) { importSession(input: $input) { outcome } }"


@pytest.fixture(scope="module")
async def server(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    sizes = {"max_body_bytes": MOST, "max_import_bytes": MOST_OF_IMPORT, "request_seconds": 1}
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False, **sizes) as served:
            yield served


def importing(id: str, size: int = 10 * MOST, query: str = IMPORT, **more: Any) -> bytes:
    """An import of a session whose one message has `size` letters."""
    document = zagens(id, messages=[user("x" * size)])
    return json.dumps({"query": query, "variables": {"input": {"document": document}}, **more}).encode()


async def test_a_body_of_the_largest_size_is_taken_and_one_byte_more_is_not(server: Served) -> None:
    assert (await post(server, OPERATION.ljust(MOST))).json() == DATA
    assert refusal(await post(server, OPERATION.ljust(MOST + 1))) == TOO_LARGE


async def test_a_size_that_is_not_announced_counts_alike(server: Served) -> None:
    body = OPERATION.ljust(MOST).encode()

    assert (await post(server, pieces([body[:1000], body[1000:]]))).json() == DATA
    assert refusal(await post(server, pieces([body, b" "]))) == TOO_LARGE
    # Not of one byte each: on a busy machine so many take longer than the server gives a body.
    assert refusal(await post(server, pieces([b" " * 20] * (MOST // 20 + 1)))) == TOO_LARGE


@pytest.mark.parametrize(
    ("query", "operation_name"),
    [
        (IMPORT, None),
        (IMPORT.replace("importSession", "alias: importSession", 1), None),
        (IMPORT.replace("{ importSession", "{ ... on Mutation { importSession") + "}", None),
        (
            "mutation ($input: ImportSessionInput!) { ...F } "
            "fragment F on Mutation { importSession(input: $input) { outcome } }",
            None,
        ),
        (IMPORT.replace("mutation", "mutation A") + " query B { __typename }", "A"),
    ],
)
async def test_an_import_may_be_larger(server: Served, query: str, operation_name: str | None) -> None:
    answer = (await post(server, importing(uuid4().hex, query=query, operationName=operation_name))).json()

    assert "errors" not in answer
    assert next(iter(answer["data"].values()))["outcome"] == "CREATED"


async def test_an_import_may_be_as_large_as_its_own_limit(server: Served) -> None:
    assert "errors" not in (await post(server, importing("largest").ljust(MOST_OF_IMPORT))).json()
    assert refusal(await post(server, importing("larger").ljust(MOST_OF_IMPORT + 1))) == TOO_LARGE


@pytest.mark.parametrize(
    ("query", "operation_name"),
    [
        ("{ __typename }", None),
        ('{ session(id: "importSession") { id } }', None),
        ('mutation { deleteSession(input: {sessionId: "importSession"}) { deletedSessionId } }', None),
        ("query A { __typename } " + IMPORT.replace("mutation", "mutation B"), "A"),
        ("{ ...F } fragment F on Query { ...F __typename }", None),
        ("#" + "x" * MOST + "\n" + IMPORT, None),
    ],
)
async def test_nothing_else_is_larger_for_speaking_of_imports(
    server: Served, query: str, operation_name: str | None
) -> None:
    assert refusal(await post(server, importing("not", query=query, operationName=operation_name))) == TOO_LARGE


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("mutation { importSession", "GRAPHQL_PARSE_FAILED"),
        (IMPORT.replace("mutation", "mutation A") + " query B { __typename }", "OPERATION_RESOLUTION_FAILURE"),
        (IMPORT.replace("outcome", "nothing"), "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_large_import_that_is_invalid_gets_the_reason(server: Served, query: str, code: str) -> None:
    answer = (await post(server, importing("senseless", query=query))).json()

    assert answer["errors"][0]["extensions"]["code"] == code


async def test_a_large_body_that_is_not_json_is_refused_as_such(server: Served) -> None:
    assert refusal(await post(server, importing("broken")[:-1])) == (400, "BAD_REQUEST")


async def test_a_body_that_stops_coming_is_given_up(server: Served) -> None:
    response = await answered(server, b'{"query":')

    assert response.startswith(b"HTTP/1.1 408 ")
    assert b'"BAD_REQUEST"' in response


async def begun(server: Served, beginning: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection over which only the beginning of a body was sent."""
    reader, writer = await asyncio.open_connection(*server.url.removeprefix("http://").split(":"))
    head = ("POST /graphql HTTP/1.1", "Host: localhost", "Content-Type: application/json", "Content-Length: 90000")
    writer.write("\r\n".join([*head, "", ""]).encode() + beginning)
    await writer.drain()
    return reader, writer


async def answered(server: Served, beginning: bytes) -> bytes:
    reader, writer = await begun(server, beginning)
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.slow
async def test_few_large_bodies_are_held_at_once_and_the_next_waits_only_so_long(server: Served) -> None:
    finished = asyncio.Event()

    async def slowly(id: str) -> AsyncIterator[bytes]:
        body = importing(id)
        yield body[:-1]
        while not finished.is_set():
            yield b" "
            await asyncio.sleep(0.1)
        yield body[-1:]

    first = [asyncio.create_task(post(server, slowly(f"slow{number}"))) for number in range(LARGE_BODIES)]
    await asyncio.sleep(0.3)
    one_more = await post(server, importing("more"))
    small = await post(server)
    finished.set()

    assert refusal(one_more) == (503, "SERVICE_UNAVAILABLE")
    assert one_more.headers["retry-after"] == "5"
    assert small.json() == DATA
    assert ["errors" in (await task).json() for task in first] == [False] * LARGE_BODIES
    assert "errors" not in (await post(server, importing("again"))).json()


async def test_a_client_that_goes_away_in_the_middle_of_a_large_body_leaves_its_place(server: Served) -> None:
    for _ in range(LARGE_BODIES + 1):
        _, writer = await begun(server, importing("gone"))
        writer.close()
        await writer.wait_closed()

    assert "errors" not in (await post(server, importing("stays"))).json()
