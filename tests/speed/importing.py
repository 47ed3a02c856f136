"""Importing documents."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.message import message
from storage.database.tables.session import session
from storage.documents.file_imports import import_files
from storage.documents.outcomes import CREATED
from tests.speed.figure import Figure, rate
from tests.speed.loop import run
from tests.support.databases import PostgresDatabases, SqliteDatabases

Row = dict[str, Any]


def importing(databases: SqliteDatabases | PostgresDatabases, paths: Sequence[Path], rounds: int) -> list[Figure]:
    """Speed of importing the documents in files."""
    speeds = []
    for _ in range(rounds):
        with databases.copy() as ours, databases.copy() as plain:
            speeds.append(run(_round, ours, plain, paths))
    return [rate("import", "messages/s", speeds)]


async def _round(ours: str, plain: str, paths: Sequence[Path]) -> tuple[float, float]:
    """Messages a second through Reprise and plainly, each into an empty database of its own."""
    async with Database(ours) as database, Database(plain) as other:
        began = time.perf_counter()
        async for outcomes in import_files(database, paths):
            assert all(outcome.result == CREATED for outcome in outcomes)
        imported = time.perf_counter()
        rows = await _stored(database)
        copying = time.perf_counter()
        await _plainly_written(other, paths, rows)
        seconds = time.perf_counter() - copying
    count = sum(len(messages) for _, messages in rows.values())
    return count / (imported - began), count / seconds


async def _stored(database: Database) -> dict[str, tuple[Row, list[Row]]]:
    """Each session's row and its messages' rows, by the session's id."""
    async with database.snapshot() as connection:
        rows = {
            row["id"]: (dict(row), list[Row]()) for row in (await connection.execute(sa.select(session))).mappings()
        }
        for row in (await connection.execute(sa.select(message).order_by(message.c.position))).mappings():
            rows[row["session_id"]][1].append(dict(row))
    return rows


async def _plainly_written(database: Database, paths: Sequence[Path], rows: dict[str, tuple[Row, list[Row]]]) -> None:
    for path in paths:
        document = orjson.loads(path.read_bytes())
        saved, messages = rows[document["metadata"]["id"]]
        async with database.engine.begin() as connection:
            await connection.execute(session.insert(), saved)
            await connection.execute(message.insert(), messages)
