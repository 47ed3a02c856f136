"""How much memory the bodies of requests may take."""

import asyncio
import json
import platform
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.client import Client
from tests.support.clients import command, environment
from tests.support.databases import SqliteDatabases
from tests.support.http import DATA, OPERATION, post, refusal
from tests.support.server import Served, serving
from tests.support.spawned import Spawned, watched

TOO_LARGE = (413, "BAD_REQUEST")
MALFORMED = (400, "BAD_REQUEST")
BUSY = (503, "SERVICE_UNAVAILABLE")
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
async def server(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    limits = {"max_json_values": 10_000, "max_json_depth": 40, "max_pending_bytes": 2_500_000, "request_seconds": 1}
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False, **limits) as served:
            yield served


def with_variables(value: str) -> str:
    return f'{{"query": "{{ __typename }}", "variables": {{"a": {value}}}}}'


@pytest.mark.parametrize("item", ["[]", "{}", "1", '""', '{"a": 1}'])
async def test_a_body_of_very_many_values_is_refused_before_it_is_parsed(server: Served, item: str) -> None:
    few, many = (with_variables(f"[{','.join([item] * count)}]") for count in (4_000, 20_000))

    assert (await post(server, few)).json() == DATA
    assert refusal(await post(server, many)) == TOO_LARGE


async def test_a_body_that_is_nested_very_deeply_is_refused(server: Served) -> None:
    shallow, deep = (with_variables("[" * depth + "]" * depth) for depth in (38, 41))

    assert (await post(server, shallow)).json() == DATA
    assert refusal(await post(server, deep)) == MALFORMED


async def test_brackets_and_commas_in_strings_do_not_count(server: Served) -> None:
    text = json.dumps('[{,"\\' * 20_000)

    assert (await post(server, with_variables(text))).json() == DATA


async def test_variables_of_an_address_have_the_same_limits(server: Served) -> None:
    deep = "[" * 50 + "]" * 50
    response = await server.client.http.get("/graphql", params={"query": "{ __typename }", "variables": deep})

    assert refusal(response) == MALFORMED


async def test_bodies_wait_for_memory_and_are_refused_when_they_wait_too_long(server: Served) -> None:
    finished = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield OPERATION.encode()
        while not finished.is_set():
            yield b" " * 40_000
            await asyncio.sleep(0.3)

    # A body whose length is not known reserves as much as it may have.
    first = [asyncio.create_task(post(server, slow())) for _ in range(2)]
    await asyncio.sleep(0.3)
    waited = await post(server, OPERATION.ljust(900_000))
    small = await post(server)
    finished.set()

    assert refusal(waited) == BUSY
    assert waited.headers["retry-after"] == "5"
    assert small.json() == DATA
    assert [(await task).json() for task in first] == [DATA] * 2
    assert (await post(server, OPERATION.ljust(900_000))).json() == DATA


async def test_a_client_that_leaves_while_it_waits_or_sends_returns_its_memory(server: Served) -> None:
    address = server.url.removeprefix("http://").split(":")
    head = (
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
    )
    for _ in range(5):
        connections = [await asyncio.open_connection(*address) for _ in range(4)]
        for _, writer in connections:
            writer.write(f"{head}Content-Length: 1000000\r\n\r\n{OPERATION}".encode())
            await writer.drain()
        await asyncio.sleep(0.05)
        for _, writer in connections:
            writer.close()
            await writer.wait_closed()

    assert (await post(server, OPERATION.ljust(900_000))).json() == DATA


@pytest.fixture(scope="module")
def spawned_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spawned]:
    with watched(command(), environment(tmp_path_factory.mktemp("memory"), seed=False)) as server:
        yield server


def peak_megabytes(pid: int) -> float:
    """The largest amount of memory that a process has had."""
    return _megabytes(pid, "VmHWM")


def _megabytes(pid: int, field: str) -> float:
    found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory of a process is read from /proc")
async def test_bodies_that_swell_take_little_memory(spawned_server: Spawned) -> None:
    before = peak_megabytes(spawned_server.pid)
    swelling = b'{"query": "{ __typename }", "variables": {"a": [%s1]}}'
    body = swelling % (b'{"a":[]},' * (MEGABYTE // 10))
    brackets = b'{"query": "mutation { importSession }", "variables": {"a": [%s1]}}' % (b"[]," * (20 * MEGABYTE))
    async with Client(f"http://{spawned_server.address}") as client:

        async def send(content: bytes) -> int:
            headers = {"content-type": "application/json"}
            return (await client.http.post("/graphql", content=content, headers=headers)).status_code

        statuses = await asyncio.gather(*(send(body) for _ in range(40)), send(brackets))

    assert set(statuses[:-1]) <= {200, 503}
    assert statuses[-1] == 413
    assert peak_megabytes(spawned_server.pid) - before < 500


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library gives memory back by itself, or not")
async def test_an_idle_server_gives_the_memory_of_a_large_body_back(spawned_server: Spawned) -> None:
    texts = [f"{number} " * 200 for number in range(20_000)]
    mutation = "mutation ($texts: Int) { importSession(input: {document: $texts}) { __typename } }"
    async with Client(f"http://{spawned_server.address}") as client:
        before = _megabytes(spawned_server.pid, "VmRSS")
        answer = await client.http.post("/graphql", json={"query": mutation, "variables": {"texts": texts}})
        assert answer.json()["errors"]
        async with asyncio.timeout(60):
            while (after := _megabytes(spawned_server.pid, "VmRSS")) > before + 20:  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.5)
    assert peak_megabytes(spawned_server.pid) > after + 30
