"""By which name the server may be called, and from which pages, over HTTP and for websockets."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from tests.support.databases import SqliteDatabases
from tests.support.http import DATA, OPERATION, get, post, refusal
from tests.support.server import Served, serving

FRIEND = "http://localhost:3000"
FOREIGN_HOST = (421, "FORBIDDEN")
FOREIGN_PAGE = (403, "FORBIDDEN")
PAGE = {"accept": "text/html"}


@pytest.fixture(scope="module")
async def server(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False, allowed_origins=(FRIEND, "https://App.example:443")) as served:
            yield served


@pytest.fixture(scope="module")
async def open_server(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    """For any page and by any name."""
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False, allowed_origins=("*",), allowed_hosts=("*",)) as served:
            yield served


async def handshake(server: Served, *headers: str) -> tuple[int, bytes]:
    """The status of a websocket's handshake, and the body of a refusal."""
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    own = [] if any(header.startswith("Host:") for header in headers) else [f"Host: {host}:{port}"]
    request = [
        "GET /graphql HTTP/1.1",
        *own,
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: graphql-transport-ws",
        *headers,
        "\r\n",
    ]
    writer.write("\r\n".join(request).encode("latin-1"))
    async with asyncio.timeout(10):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(head.split()[1])
        body = b"" if status == 101 else await reader.read()
    writer.close()
    return status, body


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8000", "localhost:"]
)
async def test_the_server_answers_to_its_names_at_any_port(server: Served, host: str) -> None:
    assert (await post(server, headers={"host": host})).json() == DATA
    assert (await handshake(server, f"Host: {host}"))[0] == 101


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "evil.example\\@localhost",
        "localhost@evil.example",
        "evil.example@localhost",
        "localhost/",
        "localhost:http",
        "127.0.0.2",
        "[::2]",
        "[::1",
        "localhost\xff",
        "x" * 1_000,
    ],
)
async def test_the_server_does_not_answer_to_another_name(server: Served, host: str) -> None:
    encoded = host.encode("latin-1")
    headers = [(b"host", encoded), (b"content-type", b"application/json")]

    response = await server.client.http.post("/graphql", content=OPERATION, headers=headers)

    assert refusal(response) == FOREIGN_HOST
    status, body = await handshake(server, f"Host: {host}")
    assert status == 421
    assert b'"FORBIDDEN"' in body


async def test_a_page_under_another_name_gets_nothing_at_all(server: Served) -> None:
    for path, headers in (("/graphql", PAGE), ("/metrics", {}), ("/nothing", {})):
        response = await server.client.http.get(path, headers={**headers, "host": "evil.example"})
        assert refusal(response) == FOREIGN_HOST


async def test_the_probes_answer_to_any_name(server: Served) -> None:
    for path in ("/healthz", "/readyz"):
        assert (await server.client.http.get(path, headers={"host": "10.1.2.3:8000"})).status_code == 200


async def test_the_host_that_is_listened_on_is_a_name_of_the_server(sqlite_databases: SqliteDatabases) -> None:
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False, host="reprise.local", allowed_hosts=("reprise.example",)) as server:
            for host in ("reprise.local:8000", "reprise.example"):
                assert (await post(server, headers={"host": host})).json() == DATA
            assert refusal(await post(server, headers={"host": "localhost"})) == FOREIGN_HOST


@pytest.mark.parametrize("origin", [FRIEND, "https://app.example"])
async def test_an_allowed_page_may_call_and_read(server: Served, origin: str) -> None:
    for response in (
        await post(server, headers={"origin": origin}),
        await get(server, {"origin": origin, "sec-fetch-site": "cross-site"}, query="{ __typename }"),
        await post(server, "[]", {"origin": origin}),
    ):
        assert response.headers["access-control-allow-origin"] == origin
        assert response.headers["access-control-expose-headers"] == "x-request-id"
        assert response.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in response.headers
    assert (await handshake(server, f"Origin: {origin}"))[0] == 101


async def test_a_page_of_the_server_itself_may_call(server: Served) -> None:
    own = urlsplit(server.url).netloc
    # Also behind a proxy with TLS.
    for origin, host in ((server.url, own), ("https://localhost", "localhost"), ("http://localhost:80", "localhost")):
        assert (await post(server, headers={"origin": origin, "host": host})).json() == DATA
        assert (await handshake(server, f"Origin: {origin}", f"Host: {host}"))[0] == 101


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "http://localhost",
        "http://localhost:3001",
        "https://localhost:3000",
        "http://localhost:3000.evil.example",
        "http://app.example",
        "http://[",
        "*",
        f"{FRIEND}, {FRIEND}",
        "http://\xff",
    ],
)
async def test_no_other_page_may_call(server: Served, origin: str) -> None:
    http = server.client.http
    headers = {b"origin": origin.encode("latin-1")}
    as_json = {b"content-type": b"application/json"}
    asking = {b"access-control-request-method": b"POST"}
    for response in (
        await http.post("/graphql", content=OPERATION, headers=headers | as_json),
        await http.get("/graphql", params={"query": "{ __typename }"}, headers=headers),
        await http.options("/graphql", headers=headers | asking),
        await http.get("/metrics", headers=headers),
    ):
        assert refusal(response) == FOREIGN_PAGE
        assert response.headers["vary"] == "Origin"
        assert "access-control-allow-origin" not in response.headers
    status, body = await handshake(server, f"Origin: {origin}")
    assert status == 403
    assert b'"FORBIDDEN"' in body


async def test_a_preflight_gets_what_an_allowed_page_may_send(server: Served) -> None:
    wanted = "content-type,authorization,apollo-require-preflight,x-request-id"
    headers = {
        "origin": FRIEND,
        "access-control-request-method": "POST",
        "access-control-request-headers": wanted,
        "access-control-request-private-network": "true",
    }

    response = await server.client.http.options("/graphql", headers=headers)

    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == FRIEND
    assert response.headers["access-control-allow-methods"] == "GET, POST"
    assert response.headers["access-control-allow-headers"] == wanted
    assert response.headers["access-control-allow-private-network"] == "true"
    assert "Origin" in response.headers["vary"]
    assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_no_page_makes_a_browser_run_a_query_by_a_picture_or_a_link(server: Served, site: str) -> None:
    for mode in ("no-cors", "navigate"):
        headers = {"sec-fetch-site": site, "sec-fetch-mode": mode, "accept": "text/html,image/*,*/*"}
        assert refusal(await get(server, headers, query="{ __typename }")) == FOREIGN_PAGE


async def test_a_person_may_follow_a_link_to_the_page_and_type_an_address(server: Served) -> None:
    page = await get(server, {**PAGE, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"})
    typed = await get(server, {"accept": "text/html,*/*;q=0.8", "sec-fetch-site": "none"}, query="{ __typename }")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert typed.json() == DATA


async def test_a_form_of_another_page_is_never_an_operation(open_server: Served) -> None:
    # The content types that a page may send without asking first.
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        response = await post(open_server, headers={"content-type": content_type})
        assert refusal(response) == (415, "BAD_REQUEST")


async def test_stars_allow_every_page_and_every_name(open_server: Served) -> None:
    for origin in ("http://evil.example", "null"):
        response = await post(open_server, headers={"origin": origin, "host": "evil.example"})

        assert response.json() == DATA
        assert response.headers["access-control-allow-origin"] == "*"
        assert (await handshake(open_server, f"Origin: {origin}", "Host: evil.example"))[0] == 101
