"""Searches with one entry for each session, and searches inside one session."""

import itertools
from typing import Any

import pytest

from tests.conftest import Serve
from tests.support.client import Client
from tests.support.documents import assistant, codewhale, text, thinking, tool_result, tool_use, user, zagens
from tests.support.searches import search, walk_always
from tests.support.server import Served
from tests.support.sessions import imported, saved
from tests.support.stored_sessions import delete_session, update_session

SESSIONS = """query ($words: String!, $first: Int! = 20, $after: String, $orderBy: SearchOrder! = RELEVANCE,
  $filter: SessionFilter, $scopes: [SearchScope!]! = [TITLE, MESSAGE], $hits: Int! = 10) {
  searchSessions(
    query: $words, first: $first, after: $after, orderBy: $orderBy, filter: $filter, scopes: $scopes
  ) {
    totalCount
    nodes { hitCount session { id title } hits(first: $hits) { id score message { position } session { id } } }
    edges { cursor }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""
TOTALS = """query ($words: String!, $filter: SessionFilter, $scopes: [SearchScope!]!) {
  search(query: $words, first: 200, filter: $filter, scopes: $scopes, orderBy: RECENT) { totalCount nodes { id } }
  searchSessions(query: $words, first: 200, filter: $filter, scopes: $scopes, orderBy: RECENT) {
    totalCount
    nodes { session { id } }
  }
}"""
INSIDE = """query ($id: ID!, $words: String!, $first: Int! = 20, $after: String) {
  session(id: $id) { search(query: $words, first: $first, after: $after) {
    totalCount
    nodes { id message { position } snippet }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } }
}"""


async def page(client: Client, query: str, **arguments: Any) -> Any:
    return (await client.data(SESSIONS, words=query, **arguments))["searchSessions"]


async def inside(client: Client, id: str, query: str, **arguments: Any) -> Any:
    return (await client.data(INSIDE, id=id, words=query, **arguments))["session"]["search"]


def corpus() -> list[Any]:
    """Sessions with hits of "leap" and "leap year" in messages, in titles and in both."""
    said = [
        user("a leap"),
        assistant("the leap year"),
        user("nothing"),
        assistant("year of the leap"),
        user("leap year"),
    ]
    sessions = [
        zagens(
            f"s{number}",
            "Leap year" if number % 3 == 0 else "Other",
            messages=said[number % 3 :] * (1 + number % 4),
            updated_at=f"2026-01-{1 + number // 2:02}T00:00:00Z",
        )
        for number in range(9)
    ]
    return [*sessions, zagens("title", "Leap", messages=[user("x")]), codewhale("none", messages=[user("unrelated")])]


@pytest.mark.slow
@pytest.mark.parametrize("always_walks", [False, True])
async def test_each_session_with_hits_is_found_once_with_all_its_hits(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, always_walks: bool
) -> None:
    if always_walks:
        walk_always(monkeypatch)
    server = await serve(seed=False)
    await saved(server, *corpus())
    for query in ("leap", '"leap year"', "leap year", "leap*", "nowhere"):
        await check(server, query, always_walks=always_walks)


async def check(server: Served, query: str, *, always_walks: bool) -> None:
    """Compare the sessions that a query finds with the hits of a search."""
    hits = (await search(server.client, query, first=500))["nodes"]
    counts: dict[str, int] = {}
    for hit in hits:
        counts[hit["session"]["id"]] = counts.get(hit["session"]["id"], 0) + 1

    for order in ("RELEVANCE", "RECENT"):
        whole = await page(server.client, query, orderBy=order, first=100)
        assert {node["session"]["id"]: node["hitCount"] for node in whole["nodes"]} == counts
        assert len(whole["nodes"]) == whole["totalCount"] == len(counts)
        for node in whole["nodes"]:
            scores = [hit["score"] for hit in node["hits"]]
            assert scores == sorted(scores, reverse=True)
            assert len(scores) == min(node["hitCount"], 10)
            assert {hit["session"]["id"] for hit in node["hits"]} == {node["session"]["id"]}
        walked: list[Any] = []
        after = None
        while True:
            found = await page(server.client, query, orderBy=order, first=2, after=after)
            walked += found["nodes"]
            assert found["pageInfo"]["hasPreviousPage"] is (after is not None)
            after = found["pageInfo"]["endCursor"]
            if not found["pageInfo"]["hasNextPage"]:
                break
        assert walked == whole["nodes"]
        if order == "RECENT":
            by_time = (await search(server.client, query, first=500, orderBy="RECENT"))["nodes"]
            assert [node["session"]["id"] for node in walked] == list(
                dict.fromkeys(hit["session"]["id"] for hit in by_time)
            )
        elif not always_walks:
            ranked = list(dict.fromkeys(hit["session"]["id"] for hit in hits))
            assert [node["session"]["id"] for node in walked] == ranked


async def test_sessions_are_found_by_scope_and_filter(serve: Serve) -> None:
    server = await serve(seed=False)
    await saved(server, *corpus())

    titles = await page(server.client, "leap", scopes=["TITLE"])
    assert {node["session"]["id"] for node in titles["nodes"]} == {"s0", "s3", "s6", "title"}
    assert all(node["hits"] == [] or node["hits"][0]["message"] is None for node in titles["nodes"])
    assert (await page(server.client, "leap", scopes=["MESSAGE"]))["totalCount"] == 9
    assert (await page(server.client, "leap", scopes=[]))["totalCount"] == 0
    assert (await page(server.client, "leap", filter={"sources": ["CODEWHALE"]}))["totalCount"] == 0
    shown = await page(server.client, "leap", first=1, hits=0)
    assert len(shown["nodes"][0]["hits"]) == 1
    for arguments in ({"first": -1}, {"hits": -1}, {"after": "x"}, {"after": titles["edges"][0]["cursor"]}):
        [*errors] = (await server.client.execute(SESSIONS, {"words": "leap", **arguments}))["errors"]
        assert {error["extensions"]["code"] for error in errors} == {"BAD_USER_INPUT"}


@pytest.mark.parametrize("way", ["all", "newest"])
async def test_totals_are_those_of_present_titles_and_sessions(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "newest":
        walk_always(monkeypatch)
    server = await serve(seed=False)
    await saved(server, *corpus())
    database = server.app.state.database
    queries = ("leap", "year", '"leap year"', "year*", "other", '"other one"')
    filters: list[dict[str, Any]] = [{}, {"archived": "ANY"}, {"archived": "ARCHIVED"}, {"sources": ["CODEWHALE"]}]

    async def totals() -> list[tuple[int, int]]:
        found = []
        for words, filter, scopes in itertools.product(
            queries, filters, (["TITLE"], ["MESSAGE"], ["TITLE", "MESSAGE"])
        ):
            data = await server.client.data(TOTALS, words=words, filter=filter, scopes=scopes)
            found.append((data["search"]["totalCount"], data["searchSessions"]["totalCount"]))
            assert found[-1] == (len(data["search"]["nodes"]), len(data["searchSessions"]["nodes"]))
        return found

    before = await totals()
    for id, *titles in (("s0", "Other one"), ("s3", "Other one", "Leap year"), ("s4", "Leap", "Leap year")):
        for title in titles:
            await update_session(database, id, title, None)
    await update_session(database, "s1", None, True)
    await delete_session(database, "s5")
    after = await totals()
    assert after != before
    # What is cached of a search does not outlive a change.
    assert await totals() == after
    await saved(server, zagens("new", "Leap year", messages=[user("another leap year")]))
    assert await totals() != after


async def test_hits_inside_a_session_are_in_the_order_of_its_transcript(serve: Serve) -> None:
    server = await serve(seed=False)
    await saved(server, *corpus())
    queries = ("leap", '"leap year"', "nowhere")
    for query, id in itertools.product(queries, ("s0", "s3", "s7", "title", "none")):
        everywhere = (await search(server.client, query, first=500, scopes=["MESSAGE"]))["nodes"]
        expected = sorted(hit["message"]["position"] for hit in everywhere if hit["session"]["id"] == id)
        walked: list[int] = []
        after = None
        while True:
            found = await inside(server.client, id, query, first=3, after=after)
            assert found["totalCount"] == len(expected)
            walked += [node["message"]["position"] for node in found["nodes"]]
            after = found["pageInfo"]["endCursor"]
            if not found["pageInfo"]["hasNextPage"]:
                break
        assert walked == expected


async def test_subagents_and_archived_sessions_are_searched_inside_too(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(
        client,
        codewhale("root", messages=[user("a leap")]),
        codewhale("sub", messages=[user("x"), user("a leap")], parent_session_id="root", spawn_depth=1),
        codewhale("old", messages=[user("a leap")], archived=True),
    )

    for id, position in (("sub", 1), ("old", 0)):
        found = await inside(client, id, "leap")
        assert [node["message"]["position"] for node in found["nodes"]] == [position]
    cursor = (await inside(client, "old", "leap"))["pageInfo"]["endCursor"]
    for id, query, after in (
        ("sub", "leap", cursor),
        ("old", "year", cursor),
        ("old", "leap", "x"),
        ("old", " ", None),
    ):
        answer = await client.execute(INSIDE, {"id": id, "words": query, "after": after})
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
        assert answer["data"] == {"session": {"search": None}}


async def test_a_hit_tells_the_block_that_matches_best_and_has_an_id_of_its_search(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    blocks = [
        thinking("a leap"),
        text("nothing"),
        tool_use("t", "exec_shell", {"command": "echo leap", "year": 7}),
        text("the leap year"),
    ]
    await imported(client, zagens("s1", "Leap year", messages=[assistant(*blocks), user(tool_result("t", "leap"))]))
    query = """query ($words: String!) { search(query: $words, orderBy: RECENT) {
      nodes { id blockPosition message { id content { position } } }
    } session(id: "s1") { search(query: $words) { nodes { id blockPosition } } } }"""

    cases: list[tuple[str, list[int | None]]] = [
        ("leap", [0, 0, None]),
        ("leap year", [3, None]),
        ("echo*", [2]),
        ("nothing", [1]),
    ]
    for words, expected in cases:
        for _ in range(2):
            data = await client.data(query, words=words)
            nodes = data["search"]["nodes"]
            assert [node["blockPosition"] for node in nodes if node["message"] is None] == [None] * expected.count(None)
            in_messages = [node for node in nodes if node["message"]]
            assert [node["blockPosition"] for node in in_messages] == [one for one in expected if one is not None]
            assert [(node["id"], node["blockPosition"]) for node in reversed(in_messages)] == [
                (node["id"], node["blockPosition"]) for node in data["session"]["search"]["nodes"]
            ]
    ids = [
        node["id"]
        for words in ("leap", "year", "leap year")
        for node in (await client.data(query, words=words))["search"]["nodes"]
    ]
    assert len(set(ids)) == len(ids) == 3 + 2 + 2
