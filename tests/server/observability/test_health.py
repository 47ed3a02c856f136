"""`/healthz` and `/readyz`, as those ask who keep the process running."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import resolvers.readiness
from resolvers.readiness import DatabaseStatus
from tests.conftest import Serve
from tests.support.server import serving
from tests.support.statements import statements

AWAY = ["sqlite:////nowhere/at/all/reprise.db", "postgresql://reprise@127.0.0.1:1/reprise"]
NOT_READY = {"errors": [{"message": "The server is not ready.", "extensions": {"code": "SERVICE_UNAVAILABLE"}}]}


async def test_a_server_on_a_migrated_database_is_alive_and_ready(serve: Serve) -> None:
    http = (await serve(seed=False)).client.http

    for path in ("/healthz", "/readyz"):
        response = await http.get(path)
        assert (response.status_code, response.json()) == (200, {"status": "ok"})
        assert response.headers["content-type"] == "application/json"
        assert response.headers["cache-control"] == "no-store"


async def test_being_alive_asks_no_database(serve: Serve) -> None:
    server = await serve(seed=False)

    with statements(server) as ran:
        assert (await server.client.http.get("/healthz")).status_code == 200
        assert ran == []
        assert (await server.client.http.get("/readyz")).status_code == 200
        assert ran != []


@pytest.mark.parametrize("url", AWAY, ids=["sqlite", "postgresql"])
async def test_a_server_without_its_database_is_alive_and_not_ready(url: str) -> None:
    async with serving(url, seed=False) as server:
        assert (await server.client.http.get("/healthz")).status_code == 200
        response = await server.client.http.get("/readyz")

        assert (response.status_code, response.json()) == (503, NOT_READY)


async def test_a_database_of_another_version_is_not_ready_until_it_is_migrated(serve: Serve) -> None:
    server = await serve(seed=False)
    engine = server.app.state.database.engine

    async with engine.begin() as connection:
        [revision] = (await connection.execute(sa.text("SELECT version_num FROM alembic_version"))).scalars()
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    response = await server.client.http.get("/readyz")
    assert (response.status_code, response.json()) == (503, NOT_READY)

    async with engine.begin() as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = :old"), {"old": revision})
    assert (await server.client.http.get("/readyz")).status_code == 200


async def test_a_database_that_does_not_answer_in_time_is_not_ready(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    http = (await serve(seed=False)).client.http
    released = asyncio.Event()

    async def hangs(_: object) -> bool:
        await released.wait()
        return True

    monkeypatch.setattr(resolvers.readiness, "is_current", hangs)
    monkeypatch.setattr(resolvers.readiness, "TIMEOUT_SECONDS", 0.05)
    response = await http.get("/readyz")

    assert (response.status_code, response.json()) == (503, NOT_READY)


async def test_all_who_ask_at_a_time_share_one_look(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    http = (await serve(seed=False)).client.http
    looks = 0
    waiting = asyncio.Semaphore(0)
    released = asyncio.Event()
    is_ready = DatabaseStatus.is_ready

    async def slow(_: object) -> bool:
        nonlocal looks
        looks += 1
        await released.wait()
        return True

    async def counted(status: DatabaseStatus) -> bool:
        waiting.release()
        return await is_ready(status)

    monkeypatch.setattr(resolvers.readiness, "is_current", slow)
    monkeypatch.setattr(DatabaseStatus, "is_ready", counted)
    asking = [asyncio.create_task(http.get("/readyz")) for _ in range(5)]
    for _ in asking:
        await waiting.acquire()
    # Whoever goes away takes nobody's answer along.
    asking.pop(0).cancel()
    await http.get("/healthz")
    released.set()

    assert [(await one).status_code for one in asking] == [200] * 4
    assert looks == 1


async def test_who_has_no_token_and_calls_by_another_name_may_ask_for_health_alone(serve: Serve) -> None:
    http = (await serve(seed=False, token="t0ken")).client.http
    stranger: dict[str, Any] = {"headers": {"authorization": "", "host": "10.1.2.3:8000"}}

    for path in ("/healthz", "/readyz"):
        assert (await http.get(path, **stranger)).status_code == 200
        assert (await http.head(path, **stranger)).status_code == 200


async def test_health_is_read_only(serve: Serve) -> None:
    http = (await serve(seed=False)).client.http

    for path in ("/healthz", "/readyz"):
        for method in ("POST", "PUT", "DELETE"):
            response = await http.request(method, path)
            assert response.status_code == 405
            assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}
            assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_server_whose_file_was_moved_away_or_replaced_is_not_ready_until_it_is_back(
    serve: Serve, database_url: str
) -> None:
    server = await serve(seed=False)
    path = Path(database_url.removeprefix("sqlite:///"))
    away = path.with_suffix(".away")
    assert (await server.client.http.get("/readyz")).status_code == 200

    await asyncio.to_thread(path.rename, away)
    assert (await server.client.http.get("/readyz")).status_code == 503
    shutil.copy(away, path)
    assert (await server.client.http.get("/readyz")).status_code == 503

    await asyncio.to_thread(away.rename, path)
    assert (await server.client.http.get("/readyz")).status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_server_that_may_not_access_its_file_is_not_ready(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await serve(seed=False)
    # Tests may run as root, who may access every file.
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    assert (await server.client.http.get("/readyz")).status_code == 503
