"""Kinds of queries, and the measurement of a page of each."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from resolvers.context import Context
from schema.coded_schema import CodedSchema
from schema.execution.loader import PlanLoader
from schema.execution.operations import PreparedOperations
from schema.execution.request import OperationRequest
from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from tests.support.statements import read_in_threads

PAGE = 20
DEEP = 50
_LARGEST = 490
_OPERATION = """
query ($query: String!, $first: Int!, $after: String, $orderBy: SearchOrder!) {
  search(query: $query, first: $first, after: $after, orderBy: $orderBy) {
    nodes {
      score
      snippet
      highlights { start end }
      session { id title updatedAt }
      message { id position role }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
_CURSOR = """
query ($query: String!, $first: Int!, $after: String, $orderBy: SearchOrder!) {
  search(query: $query, first: $first, after: $after, orderBy: $orderBy) { pageInfo { hasNextPage endCursor } }
}
"""
CASES: dict[str, Sequence[str]] = {
    "rare word": ("quokkaamber", "quokkabasil", "quokkacedar", "quokkadelta", "quokkaember"),
    "common word": ("function", "error", "file", "server", "test"),
    "usual word": ("reviewRoute", "generatorParse", "scopeObject", "calendarHeartbeat", "routePlan"),
    "two words": ("error firewall", "server gateway", "query coroutine", "cache plugin", "lexer token"),
    "phrase": ('"error file"', '"test code"', '"server query"', '"file path"', '"code test"'),
    "seldom phrase": ('"gateway firewall"', '"lexer plugin"', '"closure scope"', '"heap stack"', '"quorum leader"'),
    "prefix": ("quokka*", "fire*", "corou*", "gatew*", "compil*"),
}
ORDERS = ("RELEVANCE", "RECENT")


class SearchFigure(NamedTuple):
    """One line: milliseconds of a page, also with empty caches (`cold`), and the rows or steps and the pages that its
    statements read then.
    """

    case: str
    order: str
    page: int
    p50: float
    p95: float
    cold_p50: float
    cold_p95: float
    read: int
    touched: int | None


async def search_figures(
    schema: CodedSchema, url: str, cases: dict[str, Sequence[str]], rounds: int
) -> list[SearchFigure]:
    """A line for each case, order and page, of `rounds` pages each."""
    figures = []
    async with Database(url) as database, Database(url) as observed:
        work = _Work(observed)
        executor = _Executor(schema, database)
        for case, queries in cases.items():
            for order in ORDERS:
                for page in (1, DEEP):
                    pages = [
                        {
                            "query": query,
                            "orderBy": order,
                            "first": PAGE,
                            "after": await _cursor(schema, database, query, order, page),
                        }
                        for query in queries
                    ]
                    # Warm up: compile the statements and prepare the operation.
                    await executor.times(pages, 2 * len(pages))
                    p50, p95 = await executor.times(pages, rounds)
                    cold = await executor.times(pages, rounds, is_cold=True)
                    read, touched = await work.of(schema, pages[0])
                    figures.append(SearchFigure(case, order, page, p50, p95, *cold, read, touched))
    return figures


def search_table(columns: dict[str, list[SearchFigure]]) -> str:
    """The figures of each database, by its name, as lines of text."""
    lines = [("", "", "", "", "p50 ms", "p95 ms", "cold p50", "cold p95", "read", "pages")]
    for database, figures in columns.items():
        for figure in figures:
            read = f"{figure.read:,} {'steps' if figure.touched is None else 'rows'}"
            touched = "" if figure.touched is None else f"{figure.touched:,}"
            lines.append(
                (
                    database,
                    figure.case,
                    figure.order,
                    f"page {figure.page}",
                    f"{figure.p50:.1f}",
                    f"{figure.p95:.1f}",
                    f"{figure.cold_p50:.1f}",
                    f"{figure.cold_p95:.1f}",
                    read,
                    touched,
                )
            )
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < 4 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


class _Executor:
    """Executes operations as the endpoint does."""

    def __init__(self, schema: CodedSchema, database: Database) -> None:
        self._database = database
        self._prepared = PreparedOperations(schema, Context(database, PlanLoader))

    async def times(self, pages: Sequence[dict[str, Any]], count: int, *, is_cold: bool = False) -> tuple[float, float]:
        """The median and the 95th percentile of so many answers, in milliseconds; the queries take turns."""
        taken = []
        for number in range(count):
            if is_cold:
                self._database.cache.clear()
            began = time.perf_counter()
            await self._execute(pages[number % len(pages)])
            taken.append((time.perf_counter() - began) * 1000)
        taken.sort()
        return taken[count // 2], taken[min(count - 1, count * 95 // 100)]

    async def _execute(self, variables: dict[str, Any]) -> None:
        result = await self._prepared.execute(OperationRequest(_OPERATION, variables, None, None))
        if result is None:
            # The operation is not prepared yet.
            await _answer(self._prepared.schema, self._database, _OPERATION, variables)


async def _answer(schema: CodedSchema, database: Database, operation: str, variables: dict[str, Any]) -> dict[str, Any]:
    result = await schema.execute(operation, variables, context_value=Context(database))
    assert result.data is not None, result.errors
    found: dict[str, Any] = result.data["search"]
    return found


async def _cursor(schema: CodedSchema, database: Database, query: str, order: str, page: int) -> str | None:
    """The cursor before that page of a query, or before the last page."""
    cursor: str | None = None
    missing = (page - 1) * PAGE
    while missing > 0:
        size = min(missing, _LARGEST)
        found = await _answer(
            schema, database, _CURSOR, {"query": query, "orderBy": order, "first": size, "after": cursor}
        )
        if not found["pageInfo"]["hasNextPage"]:
            break
        cursor, missing = found["pageInfo"]["endCursor"], missing - size
    return cursor


class _Work:
    """Counts the work of the statements of a page."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._steps = 0
        self._ran: list[tuple[str, list[Any]]] = []
        if not database.is_sqlite:
            database.observers.append(self)

    async def of(self, schema: CodedSchema, variables: dict[str, Any]) -> tuple[int, int | None]:
        """Rows read and pages touched on PostgreSQL; steps on SQLite."""
        if self._database.is_sqlite:
            return await self._steps_of(schema, variables), None
        self._ran.clear()
        self._database.cache.clear()
        await _answer(schema, self._database, _OPERATION, variables)
        rows = touched = 0
        for statement, parameters in list(self._ran):
            async with self._database.snapshot() as connection:
                explained = await connection.connection.exec_driver_sql(
                    f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {statement}", tuple(parameters)
                )
                plan = explained.scalar_one()[0]["Plan"]
            rows += sum(map(_rows_read, _nodes(plan)))
            touched += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        return rows, touched

    async def _steps_of(self, schema: CodedSchema, variables: dict[str, Any]) -> int:
        def count() -> int:
            self._steps += 100
            return 0

        # The connection for quick reads has a progress handler of its own.
        read_in_threads(self._database)
        # Opens the connections.
        await _answer(schema, self._database, _OPERATION, variables)
        for connection in self._database.readers.opened:
            await connection.set_progress_handler(count, 100)
        self._steps = 0
        self._database.cache.clear()
        await _answer(schema, self._database, _OPERATION, variables)
        return self._steps

    def began(self, reading: CompiledSelect[Any], values: Mapping[str, Any]) -> None:
        self._ran.append((reading.text, reading.parameters(values)))

    def ended(self, begun: None, error: BaseException | None) -> None:
        """Counts nothing."""


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _rows_read(node: dict[str, Any]) -> int:
    if "Scan" not in node["Node Type"] or "Bitmap Index" in node["Node Type"]:
        return 0
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    rows: float = (node["Actual Rows"] + removed) * node["Actual Loops"]
    return round(rows)
