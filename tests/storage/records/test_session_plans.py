"""SQLite reads pages of sessions in the order of an index, whatever the filter."""

from collections.abc import Mapping
from typing import Any

import pytest

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.records.page import PageRequest
from storage.records.session import SessionFilter, session_page


class _Ran:
    """Records what is read."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, list[Any]]] = []

    def began(self, select: CompiledSelect[Any], values: Mapping[str, Any]) -> None:
        self.statements.append((select.text, select.parameters(values)))

    def ended(self, begun: None, error: BaseException | None) -> None:
        """Records nothing."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_page_of_sessions_is_not_sorted(database_url: str) -> None:
    ran = _Ran()
    async with Database(database_url) as database:
        database.observers.append(ran)
        for chosen in (
            SessionFilter(),
            SessionFilter(kinds=("MAIN",)),
            SessionFilter(archived="ANY", kinds=("MAIN",), sources=("CODEX",)),
            SessionFilter(tags=("x",), is_starred=True, models=("m",), modes=("plan",)),
        ):
            for field in ("UPDATED_AT", "SAVED_AT", "TITLE"):
                await session_page(database, PageRequest(50), chosen, field, "DESC")
        async with database.snapshot() as connection:
            for text, values in ran.statements:
                explained = await connection.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", tuple(values))
                assert "ORDER BY" not in str(explained.all()), text
