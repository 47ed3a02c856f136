"""The least that a server in Python does to answer: a statement a level on the bare driver, orjson, Starlette.

Serves the database that REPRISE_DATABASE_URL names: `uvicorn --factory tests.speed.limit:create_limit`.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

import aiosqlite
import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from storage.database.engines import POOL_SIZE, driver_url
from storage.database.long_text import add_functions
from storage.stored_values import decompressed_text

Row = Sequence[Any]

_NEWEST = "FROM session WHERE is_archived = false ORDER BY updated_at DESC, id DESC LIMIT 50"
SESSIONS = f"""
SELECT id, title, workspace, model, mode, is_archived, message_count, total_tokens, created_at, updated_at {_NEWEST}
"""
TITLES = f"SELECT id, title {_NEWEST}"
SESSION = "SELECT id, title FROM session WHERE id = $1"
MESSAGES = """
SELECT session_id, position, role, content FROM message WHERE session_id {any} AND position < $2
ORDER BY session_id, position
"""
SEARCH = """
SELECT session.id, session.title, said.position FROM said JOIN session ON session.id = said.session_id
WHERE {found} AND session.is_archived = false ORDER BY session.updated_at DESC, said.position DESC LIMIT 20
"""


class Pool:
    """As many connections as Reprise opens; statements have their parameters as PostgreSQL writes them."""

    any = "= ANY($1)"
    found = "said.words @@ to_tsquery('simple', $1)"
    # An index of the database's own.
    indexing: tuple[str, ...] = (
        "CREATE TABLE said AS SELECT session_id, position, to_tsvector('simple', content) AS words FROM message",
        "CREATE INDEX said_words ON said USING gin (words)",
    )

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator["Pool"]:
        async with asyncpg.create_pool(self._dsn, min_size=POOL_SIZE, max_size=POOL_SIZE) as self._pool:
            yield self

    async def fetch(self, statement: str, *values: Any) -> Sequence[Row]:
        rows: Sequence[Row] = await self._pool.fetch(statement, *values)
        return rows

    async def index(self) -> None:
        """Make what is said be found."""
        for statement in self.indexing:
            await self.fetch(statement)


class SqlitePool(Pool):
    """The same for a file."""

    any = "IN (SELECT value FROM json_each($1))"
    found = "said MATCH $1"
    indexing = (
        "CREATE VIRTUAL TABLE said USING fts5(session_id UNINDEXED, position UNINDEXED, content)",
        "INSERT INTO said SELECT session_id, position, decompressed_text(content) FROM message",
    )

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator["Pool"]:
        self._free: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        async with contextlib.AsyncExitStack() as connections:
            for _ in range(POOL_SIZE):
                connecting = aiosqlite.connect(self._dsn, isolation_level=None)
                connection = await connections.enter_async_context(connecting)
                await add_functions(connection.create_function)
                self._free.put_nowait(connection)
            yield self

    async def fetch(self, statement: str, *values: Any) -> Sequence[Row]:
        given = [orjson.dumps(value).decode() if isinstance(value, list) else value for value in values]
        connection = await self._free.get()
        try:
            return list(await connection.execute_fetchall(statement.replace("$", "?"), given))
        finally:
            self._free.put_nowait(connection)


def create_limit() -> Starlette:
    """The application."""
    given = os.environ["REPRISE_DATABASE_URL"]
    url = driver_url(given)
    if url.drivername.startswith("sqlite"):
        pool: Pool = SqlitePool(str(url.database))
    else:
        pool = Pool(given)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        async with pool.opened():
            await pool.index()
            yield {"pool": pool}

    routes = [
        Route("/sessions", sessions),
        Route("/messages", sessions_with_messages),
        Route("/messages/typed", sessions_with_typed_messages),
        Route("/sessions/{id}", session),
        Route("/sessions/{id}/typed", typed_session),
        Route("/search/{word}", search),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


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
        ) in await request.state.pool.fetch(SESSIONS)
    ]
    return _response("sessions", {"nodes": nodes})


async def sessions_with_messages(request: Request) -> Response:
    """The newest 50 sessions with their first 10 messages."""
    return _response("sessions", {"nodes": await _with_messages(request.state.pool, TITLES, 10)})


async def sessions_with_typed_messages(request: Request) -> Response:
    """The newest 50 sessions with their first 10 messages as blocks."""
    return _response("sessions", {"nodes": await _with_messages(request.state.pool, TITLES, 10, show=_blocks)})


async def session(request: Request) -> Response:
    """A session with its first 500 messages."""
    [node] = await _with_messages(request.state.pool, SESSION, 500, request.path_params["id"])
    return _response("session", node)


async def typed_session(request: Request) -> Response:
    """A session with its first 500 messages as blocks."""
    [node] = await _with_messages(request.state.pool, SESSION, 500, request.path_params["id"], show=_blocks)
    return _response("session", node)


async def search(request: Request) -> Response:
    """The newest 20 messages with a word."""
    pool = request.state.pool
    nodes = [
        {"session": {"id": id, "title": title}, "message": {"position": position}}
        for id, title, position in await pool.fetch(SEARCH.format(found=pool.found), request.path_params["word"])
    ]
    return _response("search", {"nodes": nodes})


def _raw_content(content: str) -> dict[str, Any]:
    return {"rawContent": orjson.Fragment(content)}


def _blocks(content: str) -> dict[str, Any]:
    return {"content": [_block(block) for block in orjson.loads(content)]}


def _block(block: dict[str, Any]) -> dict[str, Any]:
    match block["type"]:
        case "text":
            return {"__typename": "TextBlock", "text": block["text"]}
        case "thinking":
            return {"__typename": "ThinkingBlock", "thinking": block["thinking"]}
        case "tool_use":
            call = {"toolUseId": block["id"], "name": block["name"], "input": block.get("input")}
            return {"__typename": "ToolUseBlock", **call}
        case "tool_result":
            result = {"text": block["content"], "isError": block.get("is_error", False)}
            return {"__typename": "ToolResultBlock", "toolUseId": block["tool_use_id"], **result}
        case kind:
            raise ValueError(f"The benchmark's documents have no blocks of the type {kind}.")


async def _with_messages(
    pool: Pool, statement: str, count: int, *values: str, show: Callable[[str], dict[str, Any]] = _raw_content
) -> Iterable[dict[str, Any]]:
    nodes: dict[str, dict[str, Any]] = {
        id: {"id": id, "title": title, "messages": {"nodes": []}} for id, title in await pool.fetch(statement, *values)
    }
    statement = MESSAGES.format(any=pool.any)
    for session_id, position, role, content in await pool.fetch(statement, list(nodes), count):
        message = {"position": position, "role": role, **show(decompressed_text(content))}
        nodes[session_id]["messages"]["nodes"].append(message)
    return list(nodes.values())


def _response(field: str, value: Any) -> Response:
    body = orjson.dumps({"data": {field: value}}, option=orjson.OPT_UTC_Z)
    return Response(body, media_type="application/json")
