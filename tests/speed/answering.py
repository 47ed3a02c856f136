"""Answering over HTTP: beside a bare endpoint, and beside Strawberry as it is."""

import os
import sys
from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import Any, NamedTuple

from tests.speed.figure import Figure
from tests.speed.loop import run
from tests.speed.requests import Target, answer, loaded, target
from tests.support.spawned import spawned

REPRISE = (sys.executable, "-m", "app", "serve", "--no-seed", "--port", "0")
LIMIT = (
    *(sys.executable, "-m", "uvicorn", "--factory", "tests.speed.limit:create_limit"),
    *("--port", "0", "--no-access-log"),
)
WORD = "quokkaamber"
_BLOCKS = (
    "__typename ... on TextBlock { text } ... on ThinkingBlock { thinking } "
    "... on ToolUseBlock { toolUseId name input } ... on ToolResultBlock { toolUseId text isError }"
)


class Workload(NamedTuple):
    """What is asked of Reprise, and the limit's address for the same."""

    name: str
    query: str
    path: str


def workloads(longest: str) -> list[Workload]:
    """`longest` is the id of a session of 500 messages."""
    messages = "nodes { position role rawContent }"
    typed = f"nodes {{ position role content {{ {_BLOCKS} }} }}"
    return [
        Workload(
            "list",
            "{ sessions(first: 50) { nodes { id title workspace model mode isArchived messageCount totalTokens "
            "createdAt updatedAt } } }",
            "/sessions",
        ),
        Workload(
            "list with 10 messages each",
            f"{{ sessions(first: 50) {{ nodes {{ id title messages(first: 10) {{ {messages} }} }} }} }}",
            "/messages",
        ),
        Workload(
            "session of 500 messages",
            f'{{ session(id: "{longest}") {{ id title messages(first: 500) {{ {messages} }} }} }}',
            f"/sessions/{longest}",
        ),
        Workload(
            "list with 10 messages each, typed",
            f"{{ sessions(first: 50) {{ nodes {{ id title messages(first: 10) {{ {typed} }} }} }} }}",
            "/messages/typed",
        ),
        Workload(
            "session of 500 messages, typed",
            f'{{ session(id: "{longest}") {{ id title messages(first: 500) {{ {typed} }} }} }}',
            f"/sessions/{longest}/typed",
        ),
        Workload(
            "search for a rare word",
            f'{{ search(query: "{WORD}", first: 20, orderBy: RECENT, scopes: [MESSAGE]) '
            "{ nodes { session { id title } message { position } } } }",
            f"/search/{WORD}",
        ),
    ]


def answering(database_url: str, other_url: str, longest: str, rounds: int, seconds: float) -> list[Figure]:
    """Ratios of each workload's speed to the limit's and to plain Strawberry's, `seconds` a server and round.

    The databases hold the same; plain Strawberry has the other, since SQLite is for one serving process.
    """
    outside = {name: value for name, value in os.environ.items() if not name.startswith("REPRISE_")}
    environment = {**outside, "REPRISE_DATABASE_URL": database_url}
    uncached = {**environment, "REPRISE_RESPONSE_CACHE_BYTES": "0"}
    unprepared = {**outside, "REPRISE_DATABASE_URL": other_url, "REPRISE_PREPARED": "0"}
    figures: dict[str, list[Figure]] = {}
    with spawned(LIMIT, environment) as limit:
        with spawned(REPRISE, uncached) as ours, spawned(REPRISE, unprepared) as plain:
            for name, query, path in workloads(longest):
                targets = [_ours(ours, query), target(limit, path), _ours(plain, query)]
                figures[name] = run(_rounds, name, ("to limit", "to plain"), targets, rounds, seconds)
        with spawned(REPRISE, environment) as ours:
            for name, query, path in workloads(longest):
                targets = [_ours(ours, query), target(limit, path)]
                figures[name] += run(_rounds, name, ("cached, to limit",), targets, rounds, seconds)
    return [figure for of_workload in figures.values() for figure in of_workload]


def _ours(address: str, query: str) -> Target:
    return target(address, "/graphql", {"query": query})


async def _rounds(
    name: str, units: Sequence[str], targets: Sequence[Target], rounds: int, seconds: float
) -> list[Figure]:
    """The ratios of the first target's speed to those of the others, each with its unit."""
    # Which also lets the servers open their connections, compile plans at the second time, and cache at the third.
    for _ in range(3):
        first, *others = [_comparable(await answer(target)) for target in targets]
        assert all(other == first for other in others)
    ratios = []
    for number in range(rounds):
        speeds = {}
        start = number % len(targets)
        for one in (*targets[start:], *targets[:start]):
            speeds[one] = await loaded(one, seconds)
        ours, *theirs = (speeds[one] for one in targets)
        ratios.append([ours / its for its in theirs])
    return [Figure(name, unit, ratio=median(each)) for unit, each in zip(units, zip(*ratios, strict=True), strict=True)]


def _comparable(value: Any) -> Any:
    """An answer, its times as moments: one moment may be written with more digits or fewer."""
    match value:
        case list():
            return [_comparable(item) for item in value]
        case dict():
            return {
                key: datetime.fromisoformat(item) if key in ("createdAt", "updatedAt") else _comparable(item)
                for key, item in value.items()
            }
    return value
