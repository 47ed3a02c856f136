"""Stars, tags and notes: what people may write, how sessions are found by them, and that no import takes them away."""

from pathlib import Path
from typing import Any

import pytest

from storage.transcripts.rederivation import rederive
from tests.conftest import Serve
from tests.support.archived import take
from tests.support.documents import assistant, user, zagens
from tests.support.line_format import LineFormat, line, lines
from tests.support.organizing import listed, marks, organize, update_sessions
from tests.support.searches import search
from tests.support.server import Served
from tests.support.sessions import imported, rows

GIVEN = {"title": "Mine", "isStarred": True, "tags": ["later", "bug"], "note": "Ask Ines."}


@pytest.fixture
async def here(serve: Serve) -> Served:
    """A server that seeds nothing."""
    return await serve(seed=False)


async def test_a_session_has_no_marks_until_a_person_gives_them(here: Served) -> None:
    await imported(here.client, zagens("a"))
    none = {
        "title": zagens("a")["metadata"]["title"],
        "isArchived": False,
        "isStarred": False,
        "tags": [],
        "note": None,
    }
    assert await marks(here.client, "a") == none

    assert await organize(here.client, "a", **GIVEN) == {"session": {**none, **GIVEN}, "userErrors": []}
    assert await marks(here.client, "a") == {**none, **GIVEN}
    for unchanged in ({}, {"isStarred": None, "tags": None, "note": None}):
        before = await rows(here)
        assert (await organize(here.client, "a", **unchanged))["session"] == {**none, **GIVEN}
        assert await rows(here) == before
    await organize(here.client, "a", isStarred=False, tags=[], note=" \n")
    assert await marks(here.client, "a") == {**none, "title": "Mine"}


async def test_tags_are_trimmed_and_counted_once_and_notes_keep_their_lines(here: Served) -> None:
    await imported(here.client, zagens("a"))
    session = (await organize(here.client, "a", tags=[" b ", "a", "b", "\u00a0漢 字", "a"], note="\r\n one\r\n\ttwo "))[
        "session"
    ]
    assert session["tags"] == ["b", "a", "漢 字"]
    assert session["note"] == "one\n\ttwo"
    assert (await organize(here.client, "a", tags=["a\ud800"]))["session"]["tags"] == ["a\ufffd"]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"tags": ["a", " "]}, ["tags", "1"]),
        ({"tags": ["x" * 51]}, ["tags", "0"]),
        ({"tags": ["a\nb"]}, ["tags", "0"]),
        ({"tags": ["a\u202eb"]}, ["tags", "0"]),
        ({"tags": [f"{number}" for number in range(51)]}, ["tags"]),
        ({"note": "x" * 10_001}, ["note"]),
        ({"note": "a\u001bb"}, ["note"]),
    ],
)
async def test_what_is_out_of_bounds_is_refused(here: Served, changes: dict[str, Any], path: list[str]) -> None:
    await imported(here.client, zagens("a"))
    await organize(here.client, "a", **GIVEN)
    before = await rows(here)

    refused = await organize(here.client, "a", isStarred=False, **changes)

    assert refused == {"session": None, "userErrors": [{"code": "INVALID_VALUE", "path": path}]}
    assert await rows(here) == before


async def test_the_largest_values_are_stored(here: Served) -> None:
    await imported(here.client, zagens("a"))
    largest = {"tags": [f"{number:02}" + "👍" * 48 for number in range(50)], "note": "👍" * 10_000}
    await organize(here.client, "a", **largest)
    assert (await marks(here.client, "a")).items() >= largest.items()


async def test_lists_and_searches_are_filtered_by_stars_tags_and_modes(here: Served) -> None:
    client = here.client
    await imported(client, zagens("a", mode="plan"), zagens("b", mode="Plan"), zagens("c"), zagens("d", mode=None))
    await organize(client, "a", isStarred=True, tags=["x", "y", 'say "x"'])
    await organize(client, "b", tags=["xy", "y"])
    await organize(client, "c", tags=["y x"])

    expected: list[tuple[dict[str, Any], str]] = [
        ({"isStarred": True}, "a"),
        ({"isStarred": False}, "bcd"),
        ({"isStarred": None, "tags": None, "modes": None}, "abcd"),
        ({"tags": ["x"]}, "a"),
        ({"tags": ["y"]}, "ab"),
        ({"tags": [" y", "x", "x"]}, "a"),
        ({"tags": []}, "abcd"),
        ({"tags": [""]}, ""),
        ({"tags": ["x\ny"]}, ""),
        ({"tags": ["xy", "x"]}, ""),
        ({"modes": ["plan", "agent"]}, "ac"),
        ({"modes": []}, ""),
        ({"isStarred": False, "tags": ["y"], "modes": ["Plan"]}, "b"),
    ]
    for chosen, ids in expected:
        assert await listed(client, **chosen) == ids, chosen
        hits = (await search(client, "export", filter=chosen))["nodes"]
        assert "".join(sorted(hit["session"]["id"] for hit in hits)) == ids, chosen


async def test_a_cursor_is_that_of_its_filter(here: Served) -> None:
    await imported(here.client, zagens("a"), zagens("b"))
    await update_sessions(here.client, ["a", "b"], addTags=["x"], isStarred=True)
    query = (
        "query ($after: String, $filter: SessionFilter) { sessions(first: 1, after: $after, filter: $filter) { %s } }"
    )
    page = (await here.client.data(query % "pageInfo { endCursor }", filter={"tags": ["x"]}))["sessions"]

    more = {"after": page["pageInfo"]["endCursor"], "filter": {"tags": ["x"]}}
    assert (await here.client.data(query % "nodes { id }", **more))["sessions"]["nodes"] == [{"id": "a"}]
    answer = await here.client.execute(query % "nodes { id }", {**more, "filter": {"isStarred": True}})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_no_document_takes_away_what_a_person_gave(here: Served) -> None:
    client = here.client
    await imported(client, zagens("a", messages=[user("one")]))
    await organize(client, "a", isArchived=True, **GIVEN)

    longer = zagens("a", "The agent's own", messages=[user("one"), assistant("two")], updated_at="2026-07-01T00:00:00Z")
    older = zagens("a", "An old title", messages=[user("zero")], updated_at="2026-01-01T00:00:00Z")
    for document in (longer, older, longer):
        await imported(client, document)
        assert await marks(client, "a") == {**GIVEN, "isArchived": True}


async def test_no_transcript_takes_away_what_a_person_gave(here: Served, tmp_path: Path) -> None:
    database = here.app.state.database
    path = tmp_path / "a.lines"
    path.write_bytes(line(session="a", title="The agent's", at=1) + line(user="one") + line(assistant="two"))
    await take(database, LineFormat(), tmp_path)
    await organize(here.client, "a", isArchived=True, **GIVEN)
    given = {**GIVEN, "isArchived": True}

    with path.open("ab") as file:
        file.write(line(session="a", title="The agent's new one", at=2) + line(user="three"))
    assert await take(database, LineFormat(), tmp_path) == {"a.lines": "UPDATED"}
    assert await marks(here.client, "a") == given
    anew = LineFormat(version=2, shouts=True)
    assert [one async for one in rederive(database, {anew.source: anew})] == [("a", "UPDATED")]
    assert await marks(here.client, "a") == given
    path.write_bytes(lines("a", "other", "messages"))
    await take(database, anew, tmp_path)
    assert await marks(here.client, "a") == given
    hits = (await search(here.client, "mine", filter={"archived": "ANY"}))["nodes"]
    assert [hit["session"]["id"] for hit in hits] == ["a"]
