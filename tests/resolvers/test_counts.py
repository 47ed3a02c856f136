"""What is counted of sessions: facets, activity over time, and the calls of tools, in step with every change."""

import random
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from storage.transcripts.rederivation import rederive
from tests.conftest import Serve
from tests.support.archived import take
from tests.support.counted import ALL, activity, check_counts, tools
from tests.support.documents import assistant, codewhale, tool_result, tool_use, user, zagens
from tests.support.line_format import LineFormat, line
from tests.support.organizing import organize, update_sessions
from tests.support.server import Served
from tests.support.sessions import delete_session, imported, saved
from tests.support.statements import statements

_FACETS = """
query ($filter: SessionFilter, $words: String, $first: Int! = 20) {
  sessionFacets(filter: $filter, query: $words) {
    totalCount sources { value sessionCount } models(first: $first) { value sessionCount }
    workspaces(first: $first) { value sessionCount } tags(first: $first) { value sessionCount }
  }
}
"""


@pytest.fixture
async def here(serve: Serve) -> Served:
    """A server that seeds nothing."""
    return await serve(seed=False)


async def facets(server: Served, **variables: Any) -> dict[str, Any]:
    """Each facet as a mapping from values to counts, in order."""
    found = (await server.client.data(_FACETS, **variables))["sessionFacets"]
    return {
        name: value if name == "totalCount" else {one["value"]: one["sessionCount"] for one in value}
        for name, value in found.items()
    }


async def spoken(server: Served, home: Path, id: str, *moments: str) -> None:
    """Import a transcript with a prompt and a reply at each moment."""
    epoch = datetime.fromisoformat("2026-11-01T00:00:00+00:00")
    seconds = [int((datetime.fromisoformat(moment) - epoch).total_seconds()) for moment in moments]
    said = b"".join(line(user="why", at=at) + line(assistant="so", at=at + 1) for at in seconds)
    (home / f"{id}.lines").write_bytes(line(session=id) + said)
    await take(server.app.state.database, LineFormat(), home)


async def test_facets_count_the_sessions_that_pass_the_filter(here: Served) -> None:
    await imported(
        here.client,
        zagens("a", model="m1", workspace="/work/shop"),
        zagens("b", model="m1", workspace="/work/shop/"),
        codewhale("c", model="m2", workspace="/work/other"),
        codewhale("d", model="", workspace="/work/other", parent_session_id="a", forked_from_message_count=1),
    )
    await update_sessions(here.client, ["a", "b"], addTags=["x"])
    await organize(here.client, "a", tags=["y", "x"], isArchived=True)

    assert await facets(here) == {
        "totalCount": 3,
        "sources": {"CODEWHALE": 2, "ZAGENS": 1},
        "models": {"m1": 1, "m2": 1},
        "workspaces": {"/work/other": 2, "/work/shop/": 1},
        "tags": {"x": 1},
    }
    everything = await facets(here, filter={"archived": "ANY"})
    assert list(everything["tags"].items()) == [("x", 2), ("y", 1)]
    # One directory in two spellings.
    assert everything["workspaces"] == {"/work/other": 2, "/work/shop": 2}
    assert (await facets(here, filter={"archived": "ANY"}, first=1))["models"] == {"m1": 2}
    chosen = {"archived": "ANY", "tags": ["x"], "workspaceWithin": "/work/shop", "isStarred": False, "kinds": ["MAIN"]}
    assert await facets(here, filter=chosen) == {
        "totalCount": 2,
        "sources": {"ZAGENS": 2},
        "models": {"m1": 2},
        "workspaces": {"/work/shop": 2},
        "tags": {"x": 2, "y": 1},
    }
    await delete_session(here.client, "c")
    assert (await facets(here))["totalCount"] == 2


async def test_facets_count_sessions_with_texts_that_are_too_long_for_an_index(here: Served) -> None:
    before = await facets(here)
    workspace = "/" + "".join(random.Random(17).choices("0123456789abcdef", k=20_000))
    await imported(here.client, zagens("long", workspace=workspace), zagens("short", workspace="/home/dev/short"))

    found = await facets(here)

    assert found["totalCount"] == before["totalCount"] + 2
    assert {"/home/dev/short": 1, workspace: 1}.items() <= found["workspaces"].items()


async def test_facets_with_a_query_count_the_sessions_in_which_it_is_found(here: Served) -> None:
    await imported(
        here.client,
        zagens("a", "Blue sky", messages=[user("red apple pie")], model="m1"),
        zagens("b", "Red sky", messages=[user("green apple")], model="m1"),
        codewhale("c", "Apple red", messages=[user("pie apple")], model="m2"),
    )
    await organize(here.client, "c", title="Nothing")

    for query, counts in (
        ("apple", {"m1": 2, "m2": 1}),
        ("red", {"m1": 2}),
        ('"apple pie"', {"m1": 1}),
        ('"red sky" OR', {}),
        ('"red sky"', {"m1": 1}),
        ("app*", {"m1": 2, "m2": 1}),
        ("absent", {}),
    ):
        found = await facets(here, words=query)
        assert (found["models"], found["totalCount"]) == (counts, sum(counts.values())), query
        expected = await here.client.data(
            "query ($q: String!) { search(query: $q, first: 500) { nodes { session { id } } } }", q=query
        )
        ids = {hit["session"]["id"] for hit in expected["search"]["nodes"]}
        assert found["totalCount"] == len(ids), query
    assert (await facets(here, words="apple", filter={"sources": ["CODEWHALE"]}))["totalCount"] == 1
    answer = await here.client.execute(_FACETS, {"words": "  "})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_facets_count_few_sessions_and_most_by_a_query(here: Served) -> None:
    chance = random.Random(18)
    words = {f"word{number}": chance.sample(range(30), number) for number in (1, 2, 3, 17, 29, 30)}
    words |= {"wordfirst": [0], "wordlast": [29]}
    said = [" ".join(["go", *(word for word, places in words.items() if place in places)]) for place in range(30)]
    await saved(here, *(zagens(f"s{place}", messages=[user(text)]) for place, text in enumerate(said)))
    for word, places in words.items():
        found = await facets(here, words=word)
        assert (found["totalCount"], found["sources"]) == (len(places), {"ZAGENS": len(places)}), word


async def test_a_phrase_is_verified_in_every_message_of_a_session_until_it_is_found(here: Served) -> None:
    near = [user("error in a file") for _ in range(9)]
    await saved(
        here,
        zagens("first", messages=[user("an error file"), *near, *near]),
        zagens("last", messages=[*near, user("an error file")]),
        zagens("never", messages=[*near, user("a file error")]),
    )
    assert (await facets(here, words='"error file"'))["totalCount"] == 2


async def test_activity_counts_sessions_messages_and_tokens_of_each_interval(here: Served, tmp_path: Path) -> None:
    await spoken(here, tmp_path, "a", "2026-11-02T09:00:00+00:00", "2026-11-02T10:59:59+00:00", "2026-11-09T00:00:00Z")
    await spoken(here, tmp_path, "b", "2026-11-02T23:59:59+00:00", "2026-11-30T23:00:00+00:00")
    await imported(here.client, zagens("untimed", messages=[user("When?")]))

    points = await activity(here.client, "2026-11-01T00:00:00Z", "2026-11-05T00:00:00Z")
    counts = [(one["start"][:10], one["sessionCount"], one["messageCount"]) for one in points]
    # The reply to the last prompt of 2 November is one second into the next day.
    assert counts == [("2026-11-01", 0, 0), ("2026-11-02", 2, 5), ("2026-11-03", 1, 1), ("2026-11-04", 0, 0)]
    assert [one["usage"]["totalTokens"] for one in points] == [0, 2, 1, 0]
    assert points[1]["usage"]["outputTokens"] == 2
    hours = await activity(here.client, "2026-11-02T08:00:00Z", "2026-11-02T12:00:00Z", "HOUR", sources=["CLAUDE_CODE"])
    assert [(one["sessionCount"], one["messageCount"]) for one in hours] == [(0, 0), (1, 2), (1, 1), (1, 1)]
    weeks = await activity(here.client, "2026-11-01T00:00:00Z", "2026-11-17T00:00:00Z", "WEEK")
    assert [(one["start"][:10], one["messageCount"]) for one in weeks] == [("2026-11-02", 6), ("2026-11-09", 2)]
    months = await activity(here.client, "2026-10-15T00:00:00Z", "2026-12-31T00:00:00Z", "MONTH")
    assert [(one["start"][:10], one["sessionCount"], one["messageCount"]) for one in months] == [("2026-11-01", 2, 10)]
    nobody = await activity(here.client, "2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z", sources=["CODEX"])
    assert [one["messageCount"] for one in nobody] == [0, 0]


async def test_days_begin_and_end_as_the_clocks_of_the_time_zone_show(here: Served, tmp_path: Path) -> None:
    await spoken(here, tmp_path, "a", "2026-11-01T18:00:00+00:00", "2026-11-01T18:29:58+00:00")

    nepal = await activity(here.client, "2026-11-01T00:00:00Z", "2026-11-04T00:00:00Z", "DAY", "Asia/Kathmandu")
    assert [(one["start"][:16], one["messageCount"]) for one in nepal] == [
        ("2026-11-01T18:15", 2),
        ("2026-11-02T18:15", 0),
    ]
    new_york = await activity(here.client, "2026-10-31T04:00:00Z", "2026-11-03T05:00:00Z", "DAY", "America/New_York")
    # The clocks go back on 1 November, which lasts 25 hours.
    assert [(one["start"][:16], one["messageCount"]) for one in new_york] == [
        ("2026-10-31T04:00", 0),
        ("2026-11-01T04:00", 4),
        ("2026-11-02T05:00", 0),
    ]


@pytest.mark.parametrize(
    "variables",
    [
        {"span": {"from": "2026-01-01T00:00:00Z"}},
        {"span": {"from": "2026-01-01T00:00:00Z", "until": "2026-02-15T00:00:00Z"}, "interval": "HOUR"},
        {"span": {"from": "0001-01-01T00:00:00Z", "until": "9999-12-31T00:00:00Z"}, "interval": "MONTH"},
        {
            "span": {"from": "9999-12-30T00:00:00Z", "until": "9999-12-31T23:00:00Z"},
            "interval": "MONTH",
            "timeZone": "x",
        },
        *(
            {"span": {"from": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}, "timeZone": name}
            for name in (
                "",
                "Mars/Olympus",
                "../../etc/passwd",
                "/etc/passwd",
                "America",
                "\u0000",
                "x" * 300,
                "\ud800",
            )
        ),
    ],
)
async def test_a_wrong_span_or_time_zone_is_refused(here: Served, variables: dict[str, Any]) -> None:
    query = """query ($span: DateTimeRange!, $interval: ActivityInterval! = DAY, $timeZone: String! = "UTC") {
      activity(span: $span, interval: $interval, timeZone: $timeZone) { start }
    }"""
    answer = await here.client.execute(query, variables)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def test_a_thousand_intervals_are_the_most(here: Served) -> None:
    points = await activity(here.client, "2026-01-01T00:00:00Z", "2026-02-11T16:00:00Z", "HOUR", "Europe/Berlin")
    assert len(points) == 1000
    assert await activity(here.client, "2026-01-01T00:00:01Z", "2026-01-02T23:59:59Z") == []
    assert await activity(here.client, "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z") == []


async def test_tools_are_counted_with_their_failures(here: Served) -> None:
    messages = [
        user("go"),
        assistant(tool_use("1", "bash"), tool_use("2", "write_file"), tool_use("3", "bash")),
        user(tool_result("1", "no", True), tool_result("3", "yes")),
    ]
    await imported(here.client, zagens("a", messages=messages), zagens("b"))
    assert await tools(here.client, "a") == [("bash", "COMMAND_EXECUTION", 2, 1), ("write_file", "FILE_CHANGE", 1, 0)]
    assert await tools(here.client, "b") == []

    # An answer that comes later, to a call of an earlier import.
    longer = [*messages, user(tool_result("2", "no", True)), assistant(tool_use("4", "grep"))]
    await imported(here.client, zagens("a", messages=longer, updated_at="2026-07-01T00:00:00Z"))
    assert await tools(here.client, "a") == [
        ("bash", "COMMAND_EXECUTION", 2, 1),
        ("grep", "TOOL_CALL", 1, 0),
        ("write_file", "FILE_CHANGE", 1, 1),
    ]
    with statements(here) as ran:
        await here.client.data("{ sessions { nodes { id tools { name } } } }")
    assert len(ran) == 2


async def test_counts_follow_documents_in_any_order(here: Served) -> None:
    chance = random.Random(17)
    blocks = [
        user("go"),
        assistant(tool_use("1", "bash")),
        user(tool_result("1", "no", True)),
        assistant(tool_use("1", "grep"), tool_use("2", "bash")),
        user(tool_result("2", "yes"), tool_result("1", "no", True)),
    ]
    for step in range(12):
        messages = chance.sample(blocks, chance.randint(0, 5))
        updated_at = f"2026-07-0{chance.randint(1, 9)}T00:00:00Z"
        await imported(here.client, zagens(chance.choice("ab"), messages=messages, updated_at=updated_at))
        if step % 5 == 4:
            await delete_session(here.client, "a")
        if step % 3 == 2:
            await check_counts(here.client)


@pytest.mark.slow
async def test_counts_follow_transcripts_through_growth_rewrites_and_derivation(here: Served, tmp_path: Path) -> None:
    database = here.app.state.database
    call = line(assistant=[{"type": "tool_use", "id": "1", "name": "bash", "input": {}}], at=50_000)
    failure = line(tool=[{"type": "tool_result", "tool_use_id": "1", "content": "no", "is_error": True}], at=90_000)
    path = tmp_path / "a.lines"
    data = line(session="a") + line(user="go", at=10) + line(assistant="yes", at=20) + call
    for grown in (data, data + failure, data + failure + line(rewind=1) + line(user="again", at=100_000) + call):
        path.write_bytes(grown)
        await take(database, LineFormat(), tmp_path)
        await check_counts(here.client)
    (tmp_path / "b.lines").write_bytes(line(session="b", base="a") + line(assistant="more", at=200_000))
    await take(database, LineFormat(), tmp_path)
    anew = LineFormat(version=2, shouts=True)
    assert {outcome async for _, outcome in rederive(database, {anew.source: anew})} == {"UPDATED"}
    await check_counts(here.client)
    path.write_bytes(line(session="a") + line(user="other", at=300_000))
    await take(database, anew, tmp_path)
    await check_counts(here.client)
    await delete_session(here.client, "a")
    await check_counts(here.client)
    points = await activity(here.client, "2026-11-01T00:00:00Z", "2026-11-05T00:00:00Z", **ALL)
    assert max(point["sessionCount"] for point in points) == 1
