"""SQLite looks up the sessions in which a word is found by their numbers, whatever the order and the filter."""

from typing import Any

import pytest

from storage.search.query import found_sessions
from tests.conftest import Serve
from tests.support.documents import user, zagens
from tests.support.sessions import saved_together
from tests.support.statements import ReadStatements

WORD_IN, SESSIONS = 100, 250
SEARCH = """
query ($after: String, $filter: SessionFilter, $order: SearchOrder) {
  search(query: "word", first: 10, after: $after, filter: $filter, orderBy: $order) {
    nodes { session { id } } pageInfo { endCursor }
  }
}
"""
SPAN = {"from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"}
FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"updatedAt": SPAN},
    {"updatedAt": {"from": SPAN["from"]}, "archived": "ANY"},
    {"createdAt": SPAN, "kinds": ["MAIN"]},
    {"savedAt": {"until": "2100-01-01T00:00:00Z"}, "minPrompts": 1},
)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_found_sessions_are_looked_up_by_their_numbers(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    # No session is found in the cache.
    monkeypatch.setattr(found_sessions, "_MAX_MISSING", 0)
    server = await serve(seed=False)
    await saved_together(
        server,
        *(zagens(f"s{number}", messages=[user("word" if number < WORD_IN else "other")]) for number in range(SESSIONS)),
    )
    database = server.app.state.database
    ran = ReadStatements()
    database.observers.append(ran)
    for order in ("RECENT", "RELEVANCE"):
        for chosen in FILTERS:
            found: list[str] = []
            after = None
            for _ in range(WORD_IN // 10):
                page = (await server.client.data(SEARCH, after=after, filter=chosen, order=order))["search"]
                found += [node["session"]["id"] for node in page["nodes"]]
                after = page["pageInfo"]["endCursor"]
            assert len(set(found)) == WORD_IN

    joins = {text: values for text, values in ran.statements if "LEFT OUTER JOIN session ON" in text}
    assert joins
    async with database.snapshot() as connection:
        for text, values in joins.items():
            plan = await connection.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", tuple(values))
            [lookup] = [row[3] for row in plan if "LEFT-JOIN" in row[3]]
            assert "number=?" in lookup, (lookup, text)
