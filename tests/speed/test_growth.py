"""The benchmark of growth runs and draws its figures. Times depend on the machine and are not checked."""

from pathlib import Path

import pytest

from schema.build import create_schema
from tests.speed.growth import COMMON, IMPORT, LIST, PAGE, RARE, RESUME, growth, growth_table
from tests.speed.growth_chart import write_chart
from tests.speed.loop import run


@pytest.mark.parametrize("fixture", ["sqlite_databases", "postgres_databases"])
def test_every_step_is_measured_and_drawn(fixture: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    databases = request.getfixturevalue(fixture)
    with databases.copy() as url:
        figures = run(growth, create_schema(), url, [40, 60], 2)
    write_chart(tmp_path / "growth.svg", "Growth", figures, [40, 60])

    assert list(figures) == [LIST, PAGE, RARE, COMMON, RESUME, IMPORT]
    assert all(len(values) == 2 and min(values) > 0 for values in figures.values())
    assert growth_table({"SQLite": figures}, [40, 60]).count("\n| SQLite: ") == len(figures)
    drawn = (tmp_path / "growth.svg").read_text()
    assert all(name in drawn for name in figures)
