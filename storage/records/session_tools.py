"""How often each tool was called in sessions, as counted when they were stored."""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import orjson
import sqlalchemy as sa

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.tables.session import session, session_statistics
from storage.records.transcript_items import tool_call_kind


class ToolStatistics(NamedTuple):
    """How often a tool was called."""

    name: str
    kind: str
    call_count: int
    failure_count: int


class _ToolsRow(NamedTuple):
    id: str
    tools: str | None


async def tools_by_session(database: Database, ids: Sequence[str]) -> dict[str, list[ToolStatistics]]:
    """The tools of sessions by their ids, most calls first. Raises Unavailable."""
    rows = await database.read(_tools(is_sqlite=database.is_sqlite), ids=ids)
    return {
        row.id: [
            ToolStatistics(name, tool_call_kind(name), calls, failures)
            for name, calls, failures in orjson.loads(row.tools or "[]")
        ]
        for row in rows
    }


@functools.lru_cache
def _tools(*, is_sqlite: bool) -> CompiledSelect[_ToolsRow]:
    statement = (
        sa.select(session.c.id, session_statistics.c.tools)
        .join_from(session, session_statistics, session_statistics.c.session_number == session.c.number)
        .where(is_any_of(session.c.id, "ids"))
    )
    return CompiledSelect(statement, _ToolsRow, _ToolsRow._fields, is_sqlite=is_sqlite)
