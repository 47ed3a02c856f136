"""A refused origin or host name is logged with the name of the setting that would allow it, within a limit."""

import io
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.observability import limited_log
from server.observability.logs import configure
from tests.server.conftest import Lines
from tests.server.test_access_callers import handshake
from tests.support.databases import SqliteDatabases
from tests.support.http import post
from tests.support.server import Served, serving

ORIGIN = {"level": "WARNING", "message": "Refused an origin that REPRISE_ALLOWED_ORIGINS does not list"}
HOST = {"level": "WARNING", "message": "Refused a host name that REPRISE_ALLOWED_HOSTS does not list"}


@pytest.fixture
async def server(sqlite_databases: SqliteDatabases, lines: Lines) -> AsyncIterator[Served]:
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False) as served:
            yield served


def warnings(lines: Lines) -> list[dict[str, Any]]:
    fields = ("level", "message", "origin", "host", "count")
    found = [line for line in lines() if line["logger"] == "reprise.access"]
    assert all("request_id" in line for line in found)
    return [{name: line[name] for name in fields if name in line} for line in found]


async def test_a_refused_origin_and_a_refused_host_are_logged(server: Served, lines: Lines) -> None:
    await post(server, headers={"origin": "http://app.example:3000"})
    await handshake(server, "Origin: http://socket.example")
    await post(server, headers={"host": "sessions.example:8000"})

    assert warnings(lines) == [
        {**ORIGIN, "origin": "http://app.example:3000"},
        {**ORIGIN, "origin": "http://socket.example"},
        {**HOST, "host": "sessions.example:8000"},
    ]


async def test_what_is_allowed_is_not_logged(server: Served, lines: Lines) -> None:
    await post(server, headers={"origin": server.url})
    await server.client.http.get("/healthz", headers={"host": "10.0.0.7"})

    assert warnings(lines) == []


async def test_each_name_is_logged_once_in_a_while_and_few_of_many(
    server: Served, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    monkeypatch.setattr(limited_log, "monotonic", lambda: now)
    for origin in ["http://same.example"] * 3 + [f"http://{number}.example" for number in range(30)]:
        await post(server, headers={"origin": origin})
    logged = warnings(lines)
    assert [line["origin"] for line in logged[:3]] == ["http://same.example", "http://0.example", "http://1.example"]
    assert len(logged) == limited_log.MAX_VALUES

    await post(server, headers={"host": "other.example"})
    assert warnings(lines)[len(logged) :] == [{**HOST, "host": "other.example"}]

    now += limited_log.PERIOD_SECONDS
    await post(server, headers={"origin": "http://same.example"})
    assert warnings(lines)[len(logged) + 1 :] == [
        {**ORIGIN, "message": f"{ORIGIN['message']}: some were not logged", "count": 31 - limited_log.MAX_VALUES},
        {**ORIGIN, "origin": "http://same.example"},
    ]


async def test_a_long_name_is_cut(server: Served, lines: Lines) -> None:
    await post(server, headers={"origin": "http://" + "x" * 5_000})

    assert [line["origin"] for line in warnings(lines)] == ["http://" + "x" * (limited_log.MAX_LENGTH - 7)]


async def test_a_name_forges_nothing_on_a_terminal(server: Served) -> None:
    # `lines`, which the server uses, restores the handlers.
    configure("console", stream=(stream := io.StringIO()))

    await handshake(server, "Origin: http://\x9b31m \x85 WARNING level=x")

    [line] = [line for line in stream.getvalue().split("\n") if "REPRISE_ALLOWED_ORIGINS" in line]
    assert 'origin="http://\\u009b31m \\u0085 WARNING level=x"' in line
