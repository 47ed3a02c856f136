"""How far the imports are that are running."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import storage.transcripts.import_recorder
from storage.database.tables.import_run import import_run
from storage.transcripts.import_recorder import recording
from tests.conftest import Serve
from tests.support.server import Served

_IMPORTS = """{ imports {
  source filesDone filesTotal bytesDone bytesTotal bytesPerSecond secondsLeft startedAt updatedAt
} }"""
PATIENCE = 60


async def imports(server: Served) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await server.client.data(_IMPORTS))["imports"]
    return found


async def seen(server: Served, **expected: Any) -> dict[str, Any]:
    """The only import, once it has these values."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for one in await imports(server):
                if {name: one[name] for name in expected} == expected:
                    return one
            await asyncio.sleep(0.01)


async def test_an_import_tells_how_far_it_is_until_it_ends(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.transcripts.import_recorder, "STEP_SECONDS", 0.01)
    server = await serve(seed=False)
    assert await imports(server) == []

    async with recording(server.app.state.database, 3, 3_000) as recorder:
        recorder.begin("CODEX")
        begun = await seen(server, source="CODEX", filesDone=0, filesTotal=3, bytesDone=0, bytesTotal=3_000)
        recorder.advance(2, 1_000)
        going_on = await seen(server, filesDone=2, bytesDone=1_000)
        recorder.begin(None)
        # A file has grown meanwhile.
        recorder.advance(1, 2_500)
        done = await seen(server, source=None, filesDone=3, bytesDone=3_500, bytesTotal=3_500)

    assert (begun["bytesPerSecond"], begun["secondsLeft"]) == (None, None)
    assert going_on["bytesPerSecond"] > 0
    assert going_on["secondsLeft"] == pytest.approx(2_000 / going_on["bytesPerSecond"], abs=0.6)
    assert done["secondsLeft"] == 0
    assert await imports(server) == []


async def test_an_import_whose_process_has_ended_is_not_shown_and_removed_by_the_next(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.transcripts.import_recorder, "STEP_SECONDS", 0.01)
    server = await serve(seed=False)
    database = server.app.state.database
    old = datetime.now(UTC) - timedelta(minutes=2)
    counts = {"files_done": 1, "files_total": 2, "bytes_done": 1, "bytes_total": 2}
    async with database.write() as transaction:
        row = {"id": "old", "source": "CODEX", **counts, "started_at": old, "updated_at": old}
        await transaction.execute(sa.insert(import_run).values(row))
    assert await imports(server) == []

    async with recording(database, 1, 1):
        await seen(server, filesTotal=1)

    async with database.snapshot() as connection:
        assert (await connection.execute(sa.select(import_run.c.id))).all() == []


async def test_the_rest_of_a_slow_import_takes_no_longer_than_a_graphql_int_holds(serve: Serve) -> None:
    server = await serve(seed=False)
    now = datetime.now(UTC)
    counts = {"files_done": 1, "files_total": 2, "bytes_done": 1, "bytes_total": 2**40}
    async with server.app.state.database.write() as transaction:
        row = {"id": "slow", "source": "CODEX", **counts, "started_at": now - timedelta(minutes=1), "updated_at": now}
        await transaction.execute(sa.insert(import_run).values(row))

    assert [run["secondsLeft"] for run in await imports(server)] == [2**31 - 1]
