"""The least that a server in Python does to list sessions: one statement on the bare driver, orjson, Starlette.

Serves the database that REPRISE_DATABASE_URL names: `uvicorn --factory tests.speed.limit:create_limit`.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiosqlite
import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from storage.database import POOL_SIZE, driver_url

STATEMENT = """
SELECT id, title, workspace, model, mode, is_archived, message_count, total_tokens, created_at, updated_at
FROM session WHERE is_archived = false ORDER BY updated_at DESC, id DESC LIMIT 50
"""


class SqlitePool:
    """As many connections to a file as Reprise opens."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._free: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        self._open = contextlib.AsyncExitStack()

    async def __aenter__(self) -> "SqlitePool":
        for _ in range(POOL_SIZE):
            self._free.put_nowait(await self._open.enter_async_context(aiosqlite.connect(self._path)))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def fetch(self, statement: str) -> Sequence[Any]:
        connection = await self._free.get()
        try:
            return list(await connection.execute_fetchall(statement))
        finally:
            self._free.put_nowait(connection)


def create_limit() -> Starlette:
    """The application."""
    url = driver_url(os.environ["REPRISE_DATABASE_URL"])

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        if url.drivername.startswith("sqlite"):
            async with SqlitePool(str(url.database)) as pool:
                yield {"pool": pool}
        else:
            dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
            async with asyncpg.create_pool(dsn, min_size=POOL_SIZE, max_size=POOL_SIZE) as pool:
                yield {"pool": pool}

    return Starlette(routes=[Route("/sessions", sessions)], lifespan=lifespan)


async def sessions(request: Request) -> Response:
    """The newest 50 sessions, as GraphQL would give them."""
    nodes = [
        {
            "id": id,
            "title": title,
            "workspace": workspace,
            "model": model,
            "mode": mode,
            "isArchived": bool(is_archived),
            "messageCount": message_count,
            "totalTokens": total_tokens,
            "createdAt": created_at,
            "updatedAt": updated_at,
        }
        for (
            id,
            title,
            workspace,
            model,
            mode,
            is_archived,
            message_count,
            total_tokens,
            created_at,
            updated_at,
        ) in await request.state.pool.fetch(STATEMENT)
    ]
    return Response(
        orjson.dumps({"data": {"sessions": {"nodes": nodes}}}, option=orjson.OPT_UTC_Z), media_type="application/json"
    )
