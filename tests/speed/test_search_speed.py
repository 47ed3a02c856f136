"""The search benchmark runs. Its figures are not checked, since they depend on the machine."""

from pathlib import Path

import pytest

from schema.build import create_schema
from tests.speed.generate import write_sessions
from tests.speed.loop import run
from tests.speed.search_cases import CASES, search_figures, search_table
from tests.speed.search_data import MEAN, imported, indexing_costs


@pytest.mark.parametrize("fixture", ["sqlite_databases", "postgres_databases"])
def test_every_search_gives_its_figures(fixture: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    databases = request.getfixturevalue(fixture)
    with databases.copy() as url:
        run(imported, url, write_sessions(tmp_path, 10, MEAN))
        figures = run(search_figures, create_schema(), url, {name: CASES[name][:1] for name in CASES}, 1)

    assert len(figures) == len(CASES) * 4
    assert all(figure.p95 >= figure.p50 > 0 for figure in figures)
    assert sum(figure.read for figure in figures) > 0
    assert len(search_table({fixture: figures}).splitlines()) == 1 + len(figures)


@pytest.mark.parametrize("fixture", ["sqlite_databases", "postgres_databases"])
def test_imports_are_measured_with_the_index_and_without(
    fixture: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    seconds, ratio = indexing_costs(request.getfixturevalue(fixture), write_sessions(tmp_path, 2, MEAN), rounds=1)

    assert seconds > 0
    assert ratio > 0
