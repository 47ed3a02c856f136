"""That the benchmark of several processes runs. What it measures is not looked at."""

from tests.speed import scale
from tests.speed.loop import run
from tests.support.databases import PostgresDatabases


def test_several_processes_give_their_figures(postgres_databases: PostgresDatabases) -> None:
    with postgres_databases.copy() as url:
        figures = run(scale.throughput, url, 2, 2, 4, 20)
    with postgres_databases.copy() as url:
        figures += run(scale.latency, url, 2, 20)

    assert len(figures) == 4
    assert all((figure.ours or 0) > 0 for figure in figures)
