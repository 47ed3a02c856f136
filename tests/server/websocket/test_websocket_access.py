"""Who may open a websocket and speak on it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.support.databases import SqliteDatabases
from tests.support.raw_socket import RawSocket, opened
from tests.support.server import Served, serving

HEADER = {"authorization": "Bearer secret"}


@pytest.fixture(scope="module")
async def server(sqlite_databases: SqliteDatabases) -> AsyncIterator[Served]:
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False, token="secret", allowed_origins=("http://page.example",)) as served:
            yield served


async def answer(socket: RawSocket, payload: object) -> tuple[int, str] | dict[str, Any]:
    """What follows a connection_init: how the socket is closed, or the acknowledgement."""
    await socket.send({"type": "connection_init", "payload": payload})
    receiving = asyncio.create_task(socket.receive())
    await asyncio.wait({receiving})
    return receiving.result() if receiving.exception() is None else await socket.closed()


@pytest.mark.parametrize(
    ("headers", "payload"),
    [
        (None, {"authorization": "Bearer secret"}),
        (None, {"Authorization": "bearer secret", "any": "more"}),
        (HEADER, None),
        (HEADER, {}),
        (HEADER, {"Authorization": "Bearer secret"}),
        ({"authorization": "Bearer wrong"}, {"authorization": "Bearer secret"}),
    ],
)
async def test_the_right_token_is_acknowledged(
    server: Served, headers: dict[str, str] | None, payload: dict[str, Any] | None
) -> None:
    async with opened(server.url, headers) as socket:
        assert await answer(socket, payload) == {"type": "connection_ack"}


@pytest.mark.parametrize("payload", [None, {}, {"token": "secret"}, {"authorization": None}])
async def test_no_token_closes_with_4401(server: Served, payload: dict[str, Any] | None) -> None:
    async with opened(server.url) as socket:
        assert await answer(socket, payload) == (4401, "Unauthorized")


@pytest.mark.parametrize(
    ("headers", "payload"),
    [
        ({"authorization": "Bearer wrong"}, None),
        (HEADER, {"authorization": "Bearer wrong"}),
        *(
            (None, {"authorization": wrong})
            for wrong in ("secret", "Bearer", "Bearer s\ud800", "", 1, ["Bearer secret"])
        ),
    ],
)
async def test_a_wrong_token_closes_with_4403(
    server: Served, headers: dict[str, str] | None, payload: dict[str, Any] | None
) -> None:
    async with opened(server.url, headers) as socket:
        assert await answer(socket, payload) == (4403, "Forbidden")


async def test_nothing_is_run_before_the_token_was_seen(server: Served) -> None:
    async with opened(server.url) as socket:
        await socket.send({"id": "1", "type": "subscribe", "payload": {"query": "{ __typename }"}})
        assert (await socket.closed())[0] == 4401


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"origin": "http://foreign.example"}, 403), ({"origin": "null"}, 403), ({"host": "foreign.example"}, 421)],
)
async def test_a_foreign_page_or_name_is_refused_in_the_handshake(
    server: Served, headers: dict[str, str], status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with opened(server.url, headers):
            pass
    assert refused.value.response.status_code == status


@pytest.mark.parametrize("origin", ["http://page.example", None])
async def test_an_allowed_page_may_open_one(server: Served, origin: str | None) -> None:
    async with opened(server.url, {"origin": origin or server.url}) as socket:
        assert await answer(socket, HEADER) == {"type": "connection_ack"}
