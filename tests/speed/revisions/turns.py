"""What both revisions do in alternating turns."""

import os
import subprocess
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

import anyio

from tests.speed.answering import workloads
from tests.speed.loop import run
from tests.speed.requests import answer, loaded, target
from tests.speed.revisions.cpu import cpu_seconds, finished_cpu_seconds
from tests.speed.revisions.tree import Tree
from tests.support.databases import PostgresDatabases, SqliteDatabases
from tests.support.spawned import watched

_RESUME = 'mutation {{ resumeSession(input: {{sessionId: "{}"}}) {{ resumeTask {{ threadId }} }} }}'
_STATE = '{{ resumeTask(threadId: "{}") {{ state }} }}'

Turn = Callable[[Tree], Awaitable[float]]
"""Does the work once with a tree; returns CPU milliseconds."""


class Inputs(NamedTuple):
    """Folders of documents: those that are imported and asked for, and long ones, each to be seeded once a revision."""

    documents: Path
    long: Path
    longest: str


class Comparison(NamedTuple):
    """One line of the table: median CPU milliseconds of both revisions, and the quartiles of the ratios."""

    name: str
    base: float
    this: float
    low: float
    ratio: float
    high: float


class _Server(NamedTuple):
    address: str
    pid: int


def compared(
    trees: Sequence[Tree],
    databases: SqliteDatabases | PostgresDatabases,
    inputs: Inputs,
    rounds: int,
    seconds: float,
) -> Iterator[Comparison]:
    """Yield a comparison of the two trees, the base first, for each kind of work on one kind of database.

    `seconds` are those of one turn of requests. Raises AssertionError when the two give different answers.
    """
    with _serving(trees, databases, inputs) as servers:
        for workload in workloads(inputs.longest):
            yield run(_alternating, workload.name, trees, _asking(servers, workload.query, seconds), rounds)
        yield run(_alternating, "seeding", trees, _seeding(servers, inputs.long), rounds)
    yield run(_alternating, "import", trees, _importing(databases, inputs.documents), rounds)


async def _alternating(name: str, trees: Sequence[Tree], turn: Turn, rounds: int) -> Comparison:
    base, this = trees
    taken: dict[Tree, list[float]] = {base: [], this: []}
    # The first turn opens connections, compiles statements and prepares queries.
    for number in range(-1, rounds):
        for tree in (base, this) if number % 2 else (this, base):
            milliseconds = await turn(tree)
            taken[tree] += [milliseconds] if number >= 0 else []
    ratios = [mine / others for mine, others in zip(taken[this], taken[base], strict=True)]
    low, middle, high = quantiles(ratios, n=4, method="inclusive")
    return Comparison(name, median(taken[base]), median(taken[this]), low, middle, high)


@contextmanager
def _serving(
    trees: Sequence[Tree], databases: SqliteDatabases | PostgresDatabases, inputs: Inputs
) -> Iterator[Mapping[Tree, _Server]]:
    """Servers of both trees, each with a database of all documents."""
    base, this = trees
    with databases.empty() as base_url, databases.empty() as this_url:
        for tree, url in ((base, base_url), (this, this_url)):
            for folder in (inputs.documents, inputs.long):
                subprocess.run(_import(tree, folder), env=_environment(url), check=True, capture_output=True)
        with (
            watched(_serve(base), _environment(base_url), base.folder) as first,
            watched(_serve(this), _environment(this_url), this.folder) as second,
        ):
            yield {base: _Server(first.address, first.pid), this: _Server(second.address, second.pid)}


def _asking(servers: Mapping[Tree, _Server], query: str, seconds: float) -> Turn:
    targets = {tree: target(server.address, "/graphql", {"query": query}) for tree, server in servers.items()}

    async def turn(tree: Tree) -> float:
        pid = servers[tree].pid
        before = cpu_seconds(pid)
        count = await loaded(targets[tree], seconds)
        return (cpu_seconds(pid) - before) / count * 1000

    return turn


def _seeding(servers: Mapping[Tree, _Server], long: Path) -> Turn:
    sessions = {tree: iter([path.stem for path in sorted(long.iterdir())]) for tree in servers}

    async def turn(tree: Tree) -> float:
        server = servers[tree]
        before = cpu_seconds(server.pid)
        resumed = await _data(server, _RESUME.format(next(sessions[tree])))
        thread_id = resumed["resumeSession"]["resumeTask"]["threadId"]
        while (await _data(server, _STATE.format(thread_id)))["resumeTask"]["state"] != "READY":  # noqa: ASYNC110 - the server is another process
            await anyio.sleep(0.1)
        return (cpu_seconds(server.pid) - before) * 1000

    return turn


def _importing(databases: SqliteDatabases | PostgresDatabases, documents: Path) -> Turn:
    async def turn(tree: Tree) -> float:
        return await anyio.to_thread.run_sync(_imported, databases, tree, documents)

    return turn


def _imported(databases: SqliteDatabases | PostgresDatabases, tree: Tree, documents: Path) -> float:
    with databases.empty() as url:
        return finished_cpu_seconds(_import(tree, documents), _environment(url)) * 1000


async def _data(server: _Server, operation: str) -> Any:
    answered = await answer(target(server.address, "/graphql", {"query": operation}))
    assert "errors" not in answered, answered
    return answered["data"]


def _import(tree: Tree, folder: Path) -> list[str | Path]:
    return [tree.program, "import", folder]


def _serve(tree: Tree) -> list[str | Path]:
    return [tree.program, "serve", "--port", "0"]


def _environment(database_url: str) -> dict[str, str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("REPRISE_")}
    # Repeated requests would measure nothing but the cache.
    return {**outside, "REPRISE_DATABASE_URL": database_url, "REPRISE_RESPONSE_CACHE_BYTES": "0"}
