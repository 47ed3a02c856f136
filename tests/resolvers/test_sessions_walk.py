"""Paging through `sessions` returns every unchanged session exactly once while others are written and deleted."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.support.documents import Document, user, zagens
from tests.support.examples import examples
from tests.support.server import Served
from tests.support.sessions import delete_session, saved, update_session

PAGE = """query ($first: Int, $after: String, $last: Int, $before: String, $orderBy: SessionOrder!) {
  sessions(first: $first, after: $after, last: $last, before: $before, orderBy: $orderBy) {
    nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""
FIELDS = ["UPDATED_AT", "CREATED_AT", "TITLE", "MESSAGE_COUNT", "TOTAL_TOKENS"]
# Stable sessions are only read; the others come, go, move and change during the walk.
STABLE = [f"s{n}" for n in range(9)]
OTHERS = [f"o{n}" for n in range(6)]


@st.composite
def versions(draw: st.DrawFn, ids: SearchStrategy[str]) -> Document:
    """A session whose sort keys are drawn from a few values, so that ties are frequent."""
    place = st.integers(0, 3)
    return zagens(
        draw(ids),
        f"Title {draw(place)}",
        updated_at=f"2026-01-0{1 + draw(place)}T00:00:00Z",
        created_at=f"2026-01-0{1 + draw(place)}T00:00:00.{draw(place)}Z",
        total_tokens=draw(place),
        messages=[user("x")] * draw(place),
    )


@st.composite
def walks(draw: st.DrawFn) -> dict[str, Any]:
    """The unchanged sessions, and pages, each with the changes that are made before it."""
    others = versions(st.sampled_from(OTHERS))
    change = st.one_of(
        st.tuples(st.just("import"), others),
        st.tuples(st.just("delete"), st.sampled_from(OTHERS)),
        st.tuples(st.just("rename"), st.tuples(st.sampled_from(OTHERS), st.sampled_from(["Title 0", "title 9", "A"]))),
        st.tuples(st.just("archive"), st.tuples(st.sampled_from(OTHERS), st.booleans())),
    )
    step = st.tuples(st.integers(1, 4), st.lists(change, max_size=4))
    return {
        "stable": [draw(versions(st.just(id))) for id in STABLE[: draw(st.integers(0, len(STABLE)))]],
        "others": draw(st.lists(others, max_size=6)),
        "order": {"field": draw(st.sampled_from(FIELDS)), "direction": draw(st.sampled_from(["ASC", "DESC"]))},
        "is_backward": draw(st.booleans()),
        "steps": draw(st.lists(step, min_size=1, max_size=12)),
    }


async def happen(server: Served, kind: str, what: Any) -> None:
    match kind:
        case "import":
            await saved(server, what)
        case "delete":
            await delete_session(server.client, what)
        case "rename":
            await update_session(server.client, what[0], title=what[1])
        case "archive":
            await update_session(server.client, what[0], isArchived=what[1])


@examples(10)
@given(walk=walks())
async def test_pages_have_every_unchanged_session_once_while_others_change(
    server: Served, walk: dict[str, Any]
) -> None:
    for id in STABLE + OTHERS:
        await delete_session(server.client, id)
    await saved(server, *walk["stable"], *walk["others"])
    size_name, cursor_name = ("last", "before") if walk["is_backward"] else ("first", "after")
    more_name, next_name = ("hasPreviousPage", "startCursor") if walk["is_backward"] else ("hasNextPage", "endCursor")
    steps = iter(walk["steps"])
    cursor, has_more, seen = None, True, list[str]()
    while has_more:
        size, changes = next(steps, (3, []))
        for kind, what in changes:
            await happen(server, kind, what)
        data = await server.client.data(PAGE, orderBy=walk["order"], **{size_name: size, cursor_name: cursor})
        page = data["sessions"]
        nodes = [node["id"] for node in page["nodes"]]
        assert len(nodes) <= size
        seen += reversed(nodes) if walk["is_backward"] else nodes
        has_more = page["pageInfo"][more_name]
        # More was promised: others may be gone again by the next page, which then ends the walk.
        cursor = page["pageInfo"][next_name] or cursor

    stable = [id for id in seen if id in STABLE]
    whole = await server.client.data(PAGE, orderBy=walk["order"], first=500)
    expected = [node["id"] for node in whole["sessions"]["nodes"] if node["id"] in STABLE]
    assert stable == (expected[::-1] if walk["is_backward"] else expected)
    assert len(expected) == len(walk["stable"])


async def test_pages_backward_are_the_pages_forward_in_reverse(server: Served) -> None:
    await saved(server, *(zagens(f"s{n}", f"Title {n % 3}") for n in range(10)))
    order = {"field": "TITLE", "direction": "DESC"}
    walked: dict[str, list[str]] = {}
    for size, cursor_name, more, edge in (
        ("first", "after", "hasNextPage", "endCursor"),
        ("last", "before", "hasPreviousPage", "startCursor"),
    ):
        cursor, walked[size] = None, []
        while True:
            data = await server.client.data(PAGE, orderBy=order, **{size: 4, cursor_name: cursor})
            nodes = [node["id"] for node in data["sessions"]["nodes"]]
            walked[size] = walked[size] + nodes if size == "first" else nodes + walked[size]
            cursor = data["sessions"]["pageInfo"][edge]
            if not data["sessions"]["pageInfo"][more]:
                break

    assert walked["first"] == walked["last"]
    assert len(set(walked["first"])) == 10
