"""The comparison of revisions runs to its end, which asserts that threads are seeded. Times are not checked."""

import sys
from pathlib import Path

import pytest

from tests.speed.revisions.__main__ import show, written
from tests.speed.revisions.tree import THIS
from tests.speed.revisions.turns import compared

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the CPU time of another process")


@pytest.mark.parametrize("fixture", ["sqlite_databases", "postgres_databases"])
def test_all_work_is_compared(
    fixture: str, request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = THIS._replace(name="other")
    inputs = written(tmp_path, documents=3, long=3, items=20)
    lines = list(compared((other, THIS), request.getfixturevalue(fixture), inputs, rounds=2, seconds=0.05))
    show(fixture, lines)

    assert [line.name for line in lines] == [
        *("list", "list with 10 messages each", "session of 500 messages"),
        *("list with 10 messages each, typed", "session of 500 messages, typed", "search for a rare word"),
        *("seeding", "import"),
    ]
    assert all(0 < line.low <= line.ratio <= line.high and min(line.base, line.this) > 0 for line in lines)
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(lines)
