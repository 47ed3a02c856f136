"""Large responses are compressed for clients that are not on this machine and accept gzip."""

import gzip
from collections.abc import AsyncIterator, Mapping

import pytest
from httpx2 import Response

from tests.support.databases import SqliteDatabases
from tests.support.documents import user, zagens
from tests.support.http import JSON
from tests.support.multipart import ACCEPT, Stream
from tests.support.server import Served, serving
from tests.support.sessions import saved
from tests.support.watchdog import check_loop_is_free

FRIEND = "http://app.example"
REMOTE = {"x-forwarded-for": "203.0.113.7"}


def texts(session_id: str) -> str:
    """A query for all texts of a session."""
    return f'{{ session(id: "{session_id}") {{ messages(first: 400) {{ nodes {{ text }} }} }} }}'


# Of some characters and of millions.
SMALL, LARGE, HUGE = map(texts, ("small", "large", "huge"))


@pytest.fixture(scope="module")
async def server(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    words = " ".join(str(number * number) for number in range(1_000))
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False, allowed_origins=(FRIEND,)) as served:
            for id, count in (("small", 0), ("large", 5), ("huge", 400)):
                await saved(served, zagens(id, messages=[user(words)] * count))
            yield served


async def asked(server: Served, query: str, headers: Mapping[str, str]) -> Response:
    """The response with its body as it was sent."""
    request = server.client.http.build_request("POST", "/graphql", json={"query": query}, headers={**JSON, **headers})
    if "accept-encoding" not in headers:
        del request.headers["accept-encoding"]
    response = await server.client.http.send(request, stream=True)
    body = b"".join([part async for part in response.aiter_raw()])
    await response.aclose()
    return Response(response.status_code, headers=response.headers, extensions={"body": body})


def body(response: Response) -> bytes:
    """The body as it was sent."""
    sent: bytes = response.extensions["body"]
    assert response.headers["content-length"] == str(len(sent))
    return sent


async def test_a_large_response_is_compressed(server: Served) -> None:
    plain = await asked(server, LARGE, REMOTE)
    response = await asked(server, LARGE, {**REMOTE, "accept-encoding": "gzip"})

    assert response.headers["content-encoding"] == "gzip"
    assert gzip.decompress(body(response)) == body(plain)
    assert len(body(response)) < len(body(plain)) / 2
    assert "content-encoding" not in plain.headers
    assert "Accept-Encoding" in vary(plain)
    assert "Accept-Encoding" in vary(response)


def vary(response: Response) -> set[str]:
    return {name.strip() for name in response.headers.get("vary", "").split(",")}


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [
        *((value, True) for value in ("gzip", "GZip", "x-gzip", "*", "br, gzip", "gzip;q=0.5", "identity, gzip;q=1.0")),
        *((value, True) for value in ("*;q=0, gzip", "gzip;q=0.3, identity;q=0.3", "*;q=0.5, br", "gzip , br;q=1")),
        *((value, False) for value in ("", "br", "deflate, br, zstd", "gzip;q=0", "gzip; q=0.000", "*;q=0", "gzipped")),
        *((value, False) for value in ("*, gzip;q=0", "identity, gzip;q=0.5", "identity;q=0.5, *;q=0.1", "gzip;q=x")),
    ],
)
async def test_the_client_says_whether_it_wants_gzip(server: Served, accepted: str, is_compressed: bool) -> None:
    response = await asked(server, LARGE, {**REMOTE, "accept-encoding": accepted})

    assert ("content-encoding" in response.headers) == is_compressed
    assert "Accept-Encoding" in vary(response)


async def test_a_small_response_is_not_compressed(server: Served) -> None:
    response = await asked(server, SMALL, {**REMOTE, "accept-encoding": "gzip"})

    assert "content-encoding" not in response.headers


@pytest.mark.parametrize("address", [None, "127.0.0.1", "127.8.9.10", "::1"])
async def test_a_client_on_this_machine_gets_no_compressed_response(server: Served, address: str | None) -> None:
    headers = {"accept-encoding": "gzip", **({"x-forwarded-for": address} if address else {})}
    response = await asked(server, LARGE, headers)

    assert "content-encoding" not in response.headers
    assert "Accept-Encoding" not in vary(response)


async def test_a_page_of_another_origin_gets_both_reasons_to_vary(server: Served) -> None:
    response = await asked(server, LARGE, {**REMOTE, "accept-encoding": "gzip", "origin": FRIEND})

    assert response.headers["content-encoding"] == "gzip"
    assert vary(response) == {"Accept-Encoding", "Origin"}


async def test_a_stream_is_not_compressed(server: Served) -> None:
    query = "subscription { sessionChanges(since: 0) { session { messages { nodes { text } } } } }"
    headers = {**REMOTE, "accept": ACCEPT, "accept-encoding": "gzip"}
    async with server.client.http.stream("POST", "/graphql", json={"query": query}, headers=headers) as response:
        assert "content-encoding" not in response.headers
        stream = Stream(response)
        changes = [(await stream.payload())["data"]["sessionChanges"] for _ in range(2)]
    assert len(changes[1]["session"]["messages"]["nodes"]) == 5


async def test_compression_does_not_hold_the_event_loop(server: Served) -> None:
    async def step(_: int) -> Response:
        return await asked(server, HUGE, {**REMOTE, "accept-encoding": "gzip"})

    response = await check_loop_is_free(step)

    assert response.headers["content-encoding"] == "gzip"
    assert len(gzip.decompress(body(response))) > 2_000_000
