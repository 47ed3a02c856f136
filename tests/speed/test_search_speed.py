"""The search benchmark measures what it says: pages of hits, and imports with the index and without.

Times depend on the machine and are not checked.
"""

from pathlib import Path

import pytest

from schema.build import create_schema
from storage.database.database import Database
from tests.speed.generate import write_sessions
from tests.speed.loop import run
from tests.speed.search_cases import _OPERATION, CASES, DEEP, ORDERS, PAGE, _answer, _cursor, search_figures
from tests.speed.search_data import MEAN, _no_index, imported
from tests.speed.search_scripts import seconds_by_script

WORD = CASES["rare word"][0]


@pytest.mark.parametrize("fixture", ["sqlite_databases", "postgres_databases"])
def test_every_search_reads_something(fixture: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    databases = request.getfixturevalue(fixture)
    with databases.copy() as url:
        run(imported, url, write_sessions(tmp_path, 10, MEAN))
        figures = run(search_figures, create_schema(), url, {name: CASES[name][:1] for name in CASES}, 1)

    assert [(figure.case, figure.order, figure.page) for figure in figures] == [
        (case, order, page) for case in CASES for order in ORDERS for page in (1, DEEP)
    ]
    assert all(figure.read > 0 for figure in figures)
    assert all((figure.touched is None) == (fixture == "sqlite_databases") for figure in figures)


@pytest.mark.parametrize("fixture", ["sqlite_databases", "postgres_databases"])
def test_imports_are_indexed_but_where_they_are_measured_without_the_index(
    fixture: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    databases, paths = request.getfixturevalue(fixture), write_sessions(tmp_path, 2, MEAN)
    with databases.copy() as url:
        run(imported, url, paths)
        assert run(hits, url) > 0
    with databases.copy() as url, _no_index():
        run(imported, url, paths)
        assert run(hits, url) == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_deep_page_begins_where_the_pages_before_it_end(database_url: str, tmp_path: Path) -> None:
    schema = create_schema()
    await imported(database_url, write_sessions(tmp_path, 10, MEAN))
    async with Database(database_url) as database:
        query = {"query": "function", "orderBy": "RECENT"}
        whole = await _answer(schema, database, _OPERATION, {**query, "first": 3 * PAGE})
        cursor = await _cursor(schema, database, "function", "RECENT", 3)
        third = await _answer(schema, database, _OPERATION, {**query, "first": PAGE, "after": cursor})

    assert len(third["nodes"]) == PAGE
    assert third["nodes"] == whole["nodes"][2 * PAGE :]


async def hits(url: str) -> int:
    async with Database(url) as database:
        found = await _answer(create_schema(), database, _OPERATION, {"query": WORD, "orderBy": "RECENT", "first": 20})
    return len(found["nodes"])


@pytest.mark.parametrize("fixture", ["sqlite_databases", "postgres_databases"])
def test_scripts_are_compared(fixture: str, request: pytest.FixtureRequest) -> None:
    databases = request.getfixturevalue(fixture)
    with databases.copy() as english, databases.copy() as chinese:
        seconds = run(seconds_by_script, [english, chinese], 1, 2, 6_000)

    assert all(taken > 0 for taken in seconds.values())
