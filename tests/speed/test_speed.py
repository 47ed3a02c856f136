"""The benchmarks run to their end, which asserts that all servers answer alike and that threads are seeded whole.

Their figures depend on the machine and are not checked.
"""

from pathlib import Path

import pytest

from tests.speed.figure import table
from tests.speed.generate import write_sessions
from tests.speed.measure import Sizes, measured

ANSWERED = [
    "list",
    "list with 10 messages each",
    "session of 500 messages",
    "list with 10 messages each, typed",
    "session of 500 messages, typed",
    "search for a rare word",
]
TINY = Sizes(items=50, documents=3, rounds=1, answer_rounds=1, seconds=0.05)


@pytest.mark.parametrize("fixture", ["sqlite_databases", "postgres_databases"])
def test_every_benchmark_runs(fixture: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    figures = measured(request.getfixturevalue(fixture), write_sessions(tmp_path, TINY.documents), TINY)

    assert [figure.name for figure in figures] == [
        "seeding",
        "resume to READY, 50 items",
        "import",
        *(name for name in ANSWERED for _ in ("to limit", "to plain", "cached, to limit")),
    ]
    assert all((figure.ratio if figure.ours is None else figure.ours) for figure in figures)
    assert len(table({fixture: figures}).splitlines()) == 1 + len(figures)
