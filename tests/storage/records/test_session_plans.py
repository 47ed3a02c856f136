"""Pages of sessions are read in the order of an index, whatever the filter, and facets from an index alone."""

import dataclasses
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.sql.visitors import iterate

from storage.database.database import Database
from storage.database.tables.session import session
from storage.records.activity_points import activity_points
from storage.records.page import PageRequest
from storage.records.session import session_page
from storage.records.session_facets import MODEL, SOURCE, TAGS, WORKSPACE, CountedSessions
from storage.records.session_filter import SessionFilter, Span, conditions, narrowing
from tests.support.statements import ReadStatements


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_page_of_sessions_is_not_sorted(database_url: str) -> None:
    ran = ReadStatements()
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


def _compared(condition: sa.ColumnElement[bool]) -> set[str]:
    """The columns of sessions that a condition compares."""
    return {
        element.name for element in iterate(condition) if isinstance(element, sa.Column) and element.table is session
    }


async def test_the_index_of_facets_has_all_columns_that_filters_compare_and_facets_count(database_url: str) -> None:
    some = Span(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
    every = SessionFilter(
        created_at=some,
        updated_at=some,
        saved_at=some,
        title_contains="a",
        workspaces=("/a",),
        workspace_within="/b",
        models=("m",),
        sources=("CODEX",),
        kinds=("MAIN",),
        is_starred=True,
        is_automated=False,
        tags=("t",),
        modes=("plan",),
        min_prompts=2,
    )
    assert None not in dataclasses.astuple(every)
    compared = set().union(*map(_compared, conditions(*narrowing(every))))

    def columns(connection: sa.Connection) -> set[str]:
        found = {one["name"]: one for one in sa.inspect(connection).get_indexes("session")}["session_facets"]
        included = found.get("dialect_options", {}).get("postgresql_include", [])
        return {*filter(None, found["column_names"]), *included}

    async with Database(database_url) as database, database.snapshot() as connection:
        assert await connection.connection.run_sync(columns) >= {*compared, SOURCE, MODEL, WORKSPACE, TAGS, "number"}


async def test_activity_is_read_by_the_numbers_of_sessions_from_an_index(database_url: str) -> None:
    ran = ReadStatements()
    async with Database(database_url) as database:
        database.observers.append(ran)
        for chosen in (SessionFilter(), SessionFilter(archived="ARCHIVED"), SessionFilter(is_starred=True)):
            await activity_points(database, chosen, [datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2)])
        async with database.snapshot() as connection:
            run = connection.connection.exec_driver_sql
            if not database.is_sqlite:
                # As for many sessions.
                for kind in ("seqscan", "bitmapscan"):
                    await run(f"SET LOCAL enable_{kind} = off")
            indexes = ("session_is_archived_number", "session_is_archived_number", "session_facets")
            for (text, values), index in zip(ran.statements, indexes, strict=True):
                explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
                plan = "\n".join(map(str, (await run(f"{explain} {text}", tuple(values))).all()))
                # Without rows, PostgreSQL takes any index of sessions.
                wanted = (
                    f"COVERING INDEX {index} " if database.is_sqlite else "(session_number = ANY ((InitPlan 1).col1))"
                )
                assert wanted in plan, plan


_SPAN = Span(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
_FILTERS = (
    SessionFilter(),
    SessionFilter(is_automated=False, min_prompts=2),
    SessionFilter(is_starred=False, updated_at=Span(_SPAN.start)),
    SessionFilter(created_at=_SPAN, kinds=("MAIN",)),
    SessionFilter(archived="ANY", title_contains="a"),
    SessionFilter(archived="ANY", saved_at=_SPAN),
)


@pytest.mark.parametrize("chosen", _FILTERS)
async def test_facets_and_activity_are_read_from_the_index(database_url: str, chosen: SessionFilter) -> None:
    ran = ReadStatements()
    async with Database(database_url) as database:
        database.observers.append(ran)
        for numbers in (None, [1, 2]):
            for wanted in (None, frozenset({MODEL})):
                await CountedSessions(database, chosen, numbers, wanted).total()
        if chosen != SessionFilter():
            await CountedSessions(database, chosen, None, frozenset()).total()
            if database.is_sqlite:
                await activity_points(database, chosen, [datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2)])
        async with database.snapshot() as connection:
            run = connection.connection.exec_driver_sql
            if not database.is_sqlite:
                # As for many sessions.
                await run("SET LOCAL enable_seqscan = off")
            for text, values in ran.statements:
                explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
                plan = "\n".join(map(str, (await run(f"{explain} {text}", tuple(values))).all()))
                assert ("COVERING INDEX session_facets" if database.is_sqlite else "session_facets") in plan, plan


@pytest.mark.parametrize("archived", ["ACTIVE", "ANY"])
async def test_all_sessions_are_counted_in_a_small_index(database_url: str, archived: str) -> None:
    ran = ReadStatements()
    async with Database(database_url) as database:
        database.observers.append(ran)
        assert await CountedSessions(database, SessionFilter(archived=archived), None, frozenset()).total() == 0
        if database.is_sqlite:
            async with database.snapshot() as connection:
                [(text, values)] = ran.statements
                explained = await connection.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", tuple(values))
                assert "COVERING INDEX session_is_archived_number" in str(explained.all())
