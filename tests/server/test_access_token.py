"""With a token set, who has it is answered, and nobody else."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from httpx2 import AsyncClient

from tests.support.databases import SqliteDatabases
from tests.support.http import DATA, GRAPHQL, JSON, OPERATION, refusal
from tests.support.server import Served, serving

TOKEN = "correct-horse+battery/staple=="
REFUSED = (401, "UNAUTHENTICATED")
PAGE = {"accept": "text/html"}


@pytest.fixture(scope="module")
async def server(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False, token=TOKEN, allowed_origins=("http://app.example",)) as served:
            yield served


@pytest.fixture
async def stranger(server: Served) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(base_url=server.url, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("authorization", [f"Bearer {TOKEN}", f"bearer {TOKEN}", f"BEARER  {TOKEN}"])
async def test_the_token_opens(stranger: AsyncClient, authorization: str) -> None:
    response = await stranger.post("/graphql", content=OPERATION, headers={**JSON, "authorization": authorization})

    assert (response.status_code, response.json()) == (200, DATA)


@pytest.mark.parametrize(
    "authorization",
    [
        b"",
        b"Bearer",
        b"Bearer wrong",
        f"Bearer {TOKEN}x".encode(),
        f"Bearer {TOKEN[:-1]}".encode(),
        f"Bearer {TOKEN.upper()}".encode(),
        f"Basic {TOKEN}".encode(),
        f"Bearer{TOKEN}".encode(),
        TOKEN.encode(),
        b"Bearer \xff\xfe",
        b"Bearer " + b"x" * 60_000,
    ],
)
async def test_anything_else_does_not(stranger: AsyncClient, authorization: bytes) -> None:
    headers = {b"content-type": b"application/json", b"accept": GRAPHQL.encode(), b"authorization": authorization}

    response = await stranger.post("/graphql", content=OPERATION, headers=headers)

    assert refusal(response) == REFUSED
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert response.headers["content-type"].startswith(GRAPHQL)


async def test_two_tokens_are_no_token(stranger: AsyncClient) -> None:
    headers = [*JSON.items(), ("authorization", f"Bearer {TOKEN}"), ("authorization", f"Bearer {TOKEN}")]

    assert refusal(await stranger.post("/graphql", content=OPERATION, headers=headers)) == REFUSED


async def test_strangers_learn_nothing_but_that(stranger: AsyncClient) -> None:
    for method, path, headers in (
        ("GET", "/graphql?query={__typename}", {}),
        ("GET", "/graphql?query={__typename}", PAGE),
        ("GET", "/graphql", {}),
        ("PUT", "/graphql", {}),
        ("POST", "/graphql", {"content-type": "text/plain"}),
        ("GET", "/metrics", {}),
        ("GET", "/metrics", PAGE),
        ("GET", "/nothing", {}),
        ("GET", "/graphql//assets/x", {}),
    ):
        assert refusal(await stranger.request(method, path, headers=headers)) == REFUSED, (method, path)


async def test_the_page_and_the_probes_are_for_everybody(stranger: AsyncClient) -> None:
    page = await stranger.get("/graphql", headers=PAGE)

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (await stranger.get("/graphql/assets/nothing.js")).status_code == 404
    for path in ("/healthz", "/readyz"):
        assert (await stranger.get(path)).status_code == 200


async def test_the_body_of_a_stranger_is_not_waited_for(server: Served) -> None:
    reader, writer = await asyncio.open_connection(*server.url.removeprefix("http://").split(":"))
    head = ("POST /graphql HTTP/1.1", "Host: localhost", "Content-Type: application/json", "Content-Length: 9000000")
    writer.write("\r\n".join([*head, "", ""]).encode())
    async with asyncio.timeout(10):
        status = await reader.readline()
    writer.close()

    assert status == b"HTTP/1.1 401 Unauthorized\r\n"


async def test_a_page_that_may_call_can_read_that_it_has_no_token(stranger: AsyncClient) -> None:
    headers = {**JSON, "origin": "http://app.example"}

    response = await stranger.post("/graphql", content=OPERATION, headers=headers)

    assert refusal(response) == REFUSED
    assert response.headers["access-control-allow-origin"] == "http://app.example"


async def test_a_browser_may_ask_what_is_allowed_without_a_token(stranger: AsyncClient) -> None:
    headers = {"origin": "http://app.example", "access-control-request-method": "POST"}

    assert (await stranger.options("/graphql", headers=headers)).status_code == 200
