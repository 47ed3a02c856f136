"""The children of sessions: pages of them, by kind, and left out of lists unless they are asked for."""

from typing import Any

import pytest

from tests.support.documents import user, zagens
from tests.support.server import Served
from tests.support.sessions import imported, saved
from tests.support.statements import statements

PAGE = """
query ($id: ID!, $first: Int!, $after: String, $kinds: [SessionKind!]) { session(id: $id) {
  children(first: $first, after: $after, kinds: $kinds) {
    nodes { id kind parent { id } } totalCount changeSeq pageInfo { hasNextPage hasPreviousPage endCursor }
  }
} }
"""


def child(number: int, parent: str, **metadata: Any) -> Any:
    return zagens(
        f"{parent}-{number}",
        parent_session_id=parent,
        created_at=f"2026-06-0{9 - number // 2}T00:00:00Z",
        messages=[user("a word")],
        **metadata,
    )


@pytest.fixture
async def family(server: Served) -> Served:
    """A session with two subagents and three forks, and another with one fork."""
    children = [child(number, "s1", forked_from_message_count=1) for number in range(3)]
    children += [child(number, "s1", spawn_depth=1) for number in range(3, 5)]
    await saved(server, zagens("s1"), zagens("s2"), *children, child(0, "s2", forked_from_message_count=1))
    return server


async def pages(server: Served, **variables: Any) -> list[Any]:
    found: list[Any] = []
    after = None
    while True:
        data = await server.client.data(PAGE, id="s1", after=after, **variables)
        found.append(data["session"]["children"])
        after = found[-1]["pageInfo"]["endCursor"]
        if not found[-1]["pageInfo"]["hasNextPage"]:
            return found


@pytest.mark.slow
@pytest.mark.parametrize(("first", "count"), [(1, 5), (2, 3), (5, 1), (50, 1)])
async def test_pages_have_every_child_once_oldest_first(family: Served, first: int, count: int) -> None:
    read = await pages(family, first=first)
    assert [node["id"] for page in read for node in page["nodes"]] == ["s1-4", "s1-2", "s1-3", "s1-0", "s1-1"]
    assert {node["parent"]["id"] for page in read for node in page["nodes"]} == {"s1"}
    assert [page["totalCount"] for page in read] == [5] * count
    assert [page["pageInfo"]["hasPreviousPage"] for page in read] == [False] + [True] * (count - 1)


async def test_children_of_chosen_kinds(family: Served) -> None:
    [page] = await pages(family, first=50, kinds=["SUBAGENT"])
    assert [(node["id"], node["kind"]) for node in page["nodes"]] == [("s1-4", "SUBAGENT"), ("s1-3", "SUBAGENT")]
    assert page["totalCount"] == 2
    [page] = await pages(family, first=50, kinds=[])
    assert page["nodes"] == []


async def test_a_cursor_of_another_list_is_refused(family: Served) -> None:
    cursor = (await pages(family, first=1))[0]["pageInfo"]["endCursor"]
    for variables in ({"id": "s2", "after": cursor}, {"id": "s1", "after": cursor, "kinds": ["FORK"]}):
        answer = await family.client.execute(PAGE, {"first": 1, **variables})
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def test_the_children_of_a_page_of_sessions_take_one_statement(family: Served) -> None:
    query = "{ sessions(orderBy: {field: TITLE}) { nodes { id children(first: 2) { nodes { id } } } } }"
    for _ in range(2):
        with statements(family) as said:
            data = await family.client.data(query)
    assert {n["id"]: len(n["children"]["nodes"]) for n in data["sessions"]["nodes"] if n["children"]["nodes"]} == {
        "s1": 2,
        "s2": 1,
    }
    assert len(said) == 2


async def test_lists_and_searches_leave_subagents_out_unless_they_are_asked_for(family: Served) -> None:
    query = """query ($filter: SessionFilter) {
      sessions(filter: $filter) { nodes { id } totalCount }
      search(query: "word", filter: $filter) { nodes { session { id } } totalCount }
    }"""

    async def found(kinds: list[str] | None) -> tuple[set[str], set[str]]:
        data = await family.client.data(query, filter=None if kinds is None else {"kinds": kinds})
        listed, searched = data["sessions"]["nodes"], data["search"]["nodes"]
        assert (data["sessions"]["totalCount"], data["search"]["totalCount"]) == (len(listed), len(searched))
        return {node["id"] for node in listed}, {node["session"]["id"] for node in searched}

    forks, subagents = {"s1-0", "s1-1", "s1-2", "s2-0"}, {"s1-3", "s1-4"}
    assert await found(None) == ({"s1", "s2", *forks}, forks)
    assert await found(["MAIN", "FORK"]) == ({"s1", "s2", *forks}, forks)
    assert await found(["SUBAGENT"]) == (subagents, subagents)
    assert await found(["SUBAGENT", "MAIN"]) == ({"s1", "s2", *subagents}, subagents)
    assert await found([]) == (set(), set())


async def test_the_children_of_a_session_without_any_tell_where_the_changes_stand(server: Served) -> None:
    await imported(server.client, zagens("s1"), zagens("s2"))
    for _ in range(2):
        [page] = await pages(server, first=5)
        assert (page["nodes"], page["totalCount"], page["changeSeq"]) == ([], 0, 2)


@pytest.mark.parametrize(
    ("beginning", "expected"),
    [("a-session", "a-session-1"), ("a-session-1-sub", "a-session-1-subagent"), ("a-session-1-s", None)],
)
async def test_a_beginning_that_subagents_have_too_names_their_parent(
    server: Served, beginning: str, expected: str | None
) -> None:
    subagents = [
        zagens(f"a-session-1-{name}", parent_session_id="a-session-1", spawn_depth=1, messages=[user("a word")])
        for name in ("subagent", "second")
    ]
    await saved(server, zagens("a-session-1", messages=[user("x")]), *subagents)

    answer = await server.client.execute("query ($id: ID!) { session(id: $id) { id } }", {"id": beginning})

    if expected is None:
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    else:
        assert answer == {"data": {"session": {"id": expected}}}
