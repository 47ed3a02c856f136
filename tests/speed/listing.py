"""Listing sessions over HTTP."""

import asyncio
import os
import re
import sys
import time
from datetime import datetime
from statistics import median
from typing import Any, NamedTuple

import orjson

from tests.speed.figure import Figure, duration, rate
from tests.speed.loop import run
from tests.support.spawned import spawned

CONNECTIONS = 8
QUERY = """
{
  sessions(first: 50) {
    nodes { id title workspace model mode isArchived messageCount totalTokens createdAt updatedAt }
  }
}
"""
REPRISE = (sys.executable, "-m", "app", "serve", "--no-seed", "--port", "0")
LIMIT = (
    sys.executable,
    "-m",
    "uvicorn",
    "--factory",
    "tests.speed.limit:create_limit",
    "--port",
    "0",
    "--no-access-log",
)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class Target(NamedTuple):
    """A server, and the whole of the request that is sent to it."""

    port: int
    request: bytes


def listing(database_url: str, rounds: int, seconds: float) -> list[Figure]:
    """Speed and median time of the list, `seconds` a server and round."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REPRISE_")}
    environment["REPRISE_DATABASE_URL"] = database_url
    with spawned(REPRISE, environment) as address, spawned(LIMIT, environment) as limit_address:
        ours, limit = _target(address, "/graphql", {"query": QUERY}), _target(limit_address, "/sessions")
        return run(_rounds, ours, limit, rounds, seconds)


async def _rounds(ours: Target, limit: Target, rounds: int, seconds: float) -> list[Figure]:
    # Which also lets both servers open their connections and compile what they compile.
    assert _comparable(await _answer(ours)) == _comparable(await _answer(limit))
    speeds, times = [], []
    for number in range(rounds):
        measured = {}
        for target in (ours, limit) if number % 2 == 0 else (limit, ours):
            measured[target] = await _loaded(target, seconds)
        speeds.append((len(measured[ours]) / seconds, len(measured[limit]) / seconds))
        times.append((median(measured[ours]) * 1000, median(measured[limit]) * 1000))
    return [rate("list", "requests/s", speeds), duration("list, p50", "ms", times)]


def _target(address: str, path: str, body: object = None) -> Target:
    content = b"" if body is None else orjson.dumps(body)
    head = (
        f"{'GET' if body is None else 'POST'} {path} HTTP/1.1",
        f"host: {address}",
        "content-type: application/json",
        f"content-length: {len(content)}",
    )
    return Target(int(address.rpartition(":")[2]), "\r\n".join([*head, "", ""]).encode() + content)


async def _loaded(target: Target, seconds: float) -> list[float]:
    """Seconds that each request took."""
    taken: list[float] = []
    end = time.perf_counter() + seconds
    await asyncio.gather(*(_client(target, end, taken) for _ in range(CONNECTIONS)))
    return taken


async def _client(target: Target, end: float, taken: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    while (began := time.perf_counter()) < end:
        await _exchanged(reader, writer, target.request)
        taken.append(time.perf_counter() - began)
    writer.close()
    await writer.wait_closed()


async def _answer(target: Target) -> Any:
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    answer = orjson.loads(await _exchanged(reader, writer, target.request))
    writer.close()
    await writer.wait_closed()
    return answer


async def _exchanged(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes:
    """The body of the answer. No HTTP library: any would take longer than the server that is measured."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    assert head.startswith(b"HTTP/1.1 200 "), head
    assert length is not None, head
    return await reader.readexactly(int(length[1]))


def _comparable(answer: Any) -> list[dict[str, Any]]:
    """The nodes, their times as moments: one moment may be written with more digits or fewer."""
    return [
        node | {name: datetime.fromisoformat(node[name]) for name in ("createdAt", "updatedAt")}
        for node in answer["data"]["sessions"]["nodes"]
    ]
