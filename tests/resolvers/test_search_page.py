"""Pages of hits: orders, cursors, and the number of statements."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import orjson
import pytest

import storage.search.query.query_cache
from tests.conftest import Serve
from tests.support.documents import Document, assistant, user, zagens
from tests.support.searches import DEFAULTS, PAGE, found, place_of, search, walk_always, walked
from tests.support.server import Served
from tests.support.sessions import delete_session, saved
from tests.support.statements import statements

FULL = """{ search(query: "leap year", first: 500, orderBy: %s) {
  nodes { score snippet highlights { start } session { title } message { role text content { __typename } } }
} }"""


def session(number: int, messages: int = 3, day: int = 1) -> Document:
    said = [user(f"leap year {number}") if n % 2 == 0 else assistant("a leap in a year") for n in range(messages)]
    return zagens(f"s{number}", f"Leap year {number}", messages=said, updated_at=f"2026-01-{day:02}T00:00:00Z")


async def filled(serve: Serve, *sessions: Document, **settings: Any) -> Served:
    server = await serve(seed=False, **settings)
    await saved(server, *sessions)
    return server


async def test_recent_is_by_the_session_s_last_activity_then_the_latest_message(serve: Serve) -> None:
    server = await filled(serve, session(1, day=2), session(2, day=3), session(3, day=2))
    places = await found(server.client, "leap", orderBy="RECENT")
    assert places == [(id, position) for id in ("s2", "s3", "s1") for position in (None, 2, 1, 0)]


async def test_relevance_is_the_default_and_best_first(serve: Serve) -> None:
    server = await filled(
        serve,
        zagens("far", "Other", messages=[user("leap and then the year, after many other words " + "so " * 60)]),
        zagens("near", "Other", messages=[user("the leap year")], updated_at="2026-01-01T00:00:00Z"),
        zagens("title", "Leap year", updated_at="2026-01-01T00:00:00Z"),
    )
    data = await server.client.data('{ search(query: "leap year") { nodes { score session { id } } } }')
    assert [node["session"]["id"] for node in data["search"]["nodes"]] == ["title", "near", "far"]
    scores = [node["score"] for node in data["search"]["nodes"]]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0


@pytest.mark.slow
@pytest.mark.parametrize("way", ["all", "newest"])
async def test_a_walk_over_pages_sees_every_hit_once(serve: Serve, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    if way == "newest":
        walk_always(monkeypatch)
    server = await filled(serve, *(session(n, messages=n % 4, day=1 + n % 3) for n in range(9)))
    for order in ("RECENT", "RELEVANCE"):
        whole = await search(server.client, "leap", first=500, orderBy=order)
        assert len(whole["nodes"]) == whole["totalCount"] == 9 + sum(n % 4 for n in range(9))
        for size in (1, 4, 5, 7):
            assert await walked(server.client, "leap", size, orderBy=order) == whole["nodes"]


@pytest.mark.slow
async def test_a_walk_misses_nothing_while_other_sessions_come_and_go(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk_always(monkeypatch)
    server = await filled(serve, *(session(n, day=5 + n) for n in range(6)))
    seen, after = [], None
    for number in range(9):
        page = await search(server.client, "leap", first=2, after=after, orderBy="RECENT", scopes=["MESSAGE"])
        seen += [place_of(node) for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        await saved(server, session(100 + number, day=20 + number))
        await delete_session(server.client, f"s{99 + number}")
    assert [place for place in seen if place[0] < "s1" or len(place[0]) == 2] == [
        (f"s{n}", position) for n in (5, 4, 3, 2, 1, 0) for position in (2, 1, 0)
    ]


async def test_a_page_tells_where_it_is(serve: Serve) -> None:
    client = (await filled(serve, session(1))).client
    first = await search(client, "leap", first=3)
    assert first["pageInfo"]["hasNextPage"]
    assert not first["pageInfo"]["hasPreviousPage"]
    last = await search(client, "leap", first=3, after=first["pageInfo"]["endCursor"])
    assert len(last["nodes"]) == 1
    assert not last["pageInfo"]["hasNextPage"]
    assert last["pageInfo"]["hasPreviousPage"]
    assert last["pageInfo"]["startCursor"] == last["pageInfo"]["endCursor"]
    nothing = await search(client, "nothing")
    assert nothing["pageInfo"] == {
        **dict.fromkeys(("hasNextPage", "hasPreviousPage"), False),
        **dict.fromkeys(("startCursor", "endCursor")),
    }
    edges = await client.data('{ search(query: "leap", first: 1) { edges { cursor node { session { id } } } } }')
    assert edges["search"]["edges"][0]["cursor"] == (await search(client, "leap", first=1))["pageInfo"]["endCursor"]


async def test_first_is_held_within_1_to_500(serve: Serve) -> None:
    client = (await filled(serve, session(1, messages=501))).client
    assert len((await search(client, "leap", first=0))["nodes"]) == 1
    assert len((await search(client, "leap", first=10_000))["nodes"]) == 500
    answer = await client.execute(PAGE, {**DEFAULTS, "words": "leap", "first": -1})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_cursor_is_good_for_its_own_search_only(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    client = (await filled(serve, session(1), session(2))).client
    own = {"orderBy": "RECENT", "first": 2}
    cursor = (await search(client, "leap year", **own))["pageInfo"]["endCursor"]
    # The same clauses, written in another way.
    assert (await search(client, "LEAP  year leap", **own, after=cursor))["nodes"]

    fingerprint, *key = orjson.loads(urlsafe_b64decode(cursor + "=="))

    def forged(*values: Any) -> str:
        return urlsafe_b64encode(orjson.dumps([fingerprint, *values])).decode().rstrip("=")

    assert forged(*key) == cursor
    others: list[dict[str, Any]] = [
        {"words": "leap"},
        {"orderBy": "RELEVANCE"},
        {"scopes": ["TITLE"]},
        {"filter": {"archived": "ANY"}},
        {"after": "x"},
        {"after": ""},
        {"after": "\ud800"},
        {"after": forged(*key[:-1])},
        {"after": forged(*key[:-1], -1)},
        {"after": forged(*key[:-1], 2**62)},
        {"after": forged(*key[:-1], "1")},
        {"after": forged(*key[:-2], "\x00", 1)},
        {"after": forged(key[0], "0000-01-01T00:00:00Z", *key[2:])},
    ]
    for way in ("all", "newest"):
        if way == "newest":
            walk_always(monkeypatch)
        for changed in others:
            answer = await client.execute(PAGE, {**DEFAULTS, "words": "leap year", **own, "after": cursor, **changed})
            assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT", changed


@pytest.mark.slow
@pytest.mark.parametrize("order", ["RECENT", "RELEVANCE"])
async def test_a_page_of_hits_takes_as_many_statements_however_many_hits_it_has(serve: Serve, order: str) -> None:
    server = await filled(serve, session(0), response_cache_bytes=0)
    # The second time the operation is prepared and reads no sessions for the fields that the search has.
    await server.client.data(FULL % order)
    with statements(server) as few:
        assert len((await server.client.data(FULL % order))["search"]["nodes"]) == 4
    await saved(server, *(session(n) for n in range(1, 25)))
    with statements(server) as changed:
        assert len((await server.client.data(FULL % order))["search"]["nodes"]) == 100
    with statements(server) as many:
        assert len((await server.client.data(FULL % order))["search"]["nodes"]) == 100
    # Messages, unless the segments or the sessions have changed.
    assert len(few) == len(many) == 1
    # They have: the attempt that failed and the check why, the new snapshot, postings, sessions, and texts to rank.
    # Hits that are not ranked are scored by the texts of the messages that are shown.
    assert len(changed) == len(many) + (6 if order == "RELEVANCE" else 5)


@pytest.mark.slow
@pytest.mark.parametrize("order", ["RECENT", "RELEVANCE"])
@pytest.mark.parametrize("words", ["leap", "ye*", '\\"leap year\\"', "constant remains"])
async def test_a_repeated_search_takes_one_statement(serve: Serve, order: str, words: str) -> None:
    asked = """{ search(query: "%s", orderBy: %s) {
      nodes { session { id title } message { id position } snippet highlights { start end } }
    } }""" % (words, order)  # noqa: UP031 - braces stand for themselves
    remains = zagens("t", messages=[user("It remains constant.")])
    server = await filled(serve, *(session(n) for n in range(3)), remains, response_cache_bytes=0)
    answers = [await server.client.data(asked) for _ in range(2)]
    with statements(server) as found:
        answers.append(await server.client.data(asked))
    assert len(found) == 1
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["search"]["nodes"]


async def test_cached_results_stay_right_when_a_rewrite_begins_a_new_window(serve: Serve) -> None:
    server = await filled(serve, zagens("s", "Other", messages=[user("A leap year."), user("The year 2024.")]))
    asked = '{ search(query: "%s") { nodes { message { position } snippet } } }'

    async def shown(query: str) -> list[str]:
        first, second = [(await server.client.data(asked % query))["search"]["nodes"] for _ in range(2)]
        assert first == second
        return [node["snippet"] for node in sorted(first, key=lambda node: node["message"]["position"])]

    assert await shown("year") == ["A leap year.", "The year 2024."]
    assert await shown('\\"leap year\\"') == ["A leap year."]
    await saved(server, zagens("s", "Other", messages=[user("No leap, a year."), user("The leap year 2028.")]))
    assert await shown("year") == ["A leap year.", "The year 2024.", "No leap, a year.", "The leap year 2028."]
    assert await shown('\\"leap year\\"') == ["A leap year.", "The leap year 2028."]


@pytest.mark.slow
@pytest.mark.parametrize("most", [0, 3])
async def test_results_that_exceed_the_cache_are_computed_again(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    server = await filled(serve, *(session(n) for n in range(3)))
    asked = [('"leap year"', order) for order in ("RECENT", "RELEVANCE")] + [("leap", "RELEVANCE")]
    expected = [await search(server.client, words, orderBy=order) for words, order in asked]
    server.app.state.database.cache.clear()
    monkeypatch.setattr(storage.search.query.query_cache, "MAX_MESSAGES", most)
    for _ in range(3):
        assert [await search(server.client, words, orderBy=order) for words, order in asked] == expected


@pytest.mark.slow
@pytest.mark.parametrize("field", ["search", "searchSessions"])
async def test_the_total_of_a_phrase_is_verified_once_until_a_session_changes(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    monkeypatch.setattr(storage.search.query.query_cache, "MAX_MESSAGES", 0)
    server = await filled(serve, *(session(n) for n in range(3)), response_cache_bytes=0)
    asked = '{ %s(query: "\\"leap year\\"", filter: {archived: %s}) { totalCount } }'
    totals = [await server.client.data(asked % (field, "ACTIVE")) for _ in range(2)]
    with statements(server) as repeated:
        totals.append(await server.client.data(asked % (field, "ACTIVE")))
    assert totals[0] == totals[1] == totals[2]
    # The page's messages are verified; besides, both ask whether a session has changed.
    assert len([statement for statement in repeated if "content" in statement]) == 1
    assert len(repeated) == 3
    assert (await server.client.data(asked % (field, "ARCHIVED")))[field]["totalCount"] == 0
    await saved(server, session(3))
    after = (await server.client.data(asked % (field, "ACTIVE")))[field]["totalCount"]
    assert 3 * after == 4 * totals[0][field]["totalCount"] > 0


async def test_hits_are_counted_only_when_that_is_selected(serve: Serve) -> None:
    server = await filled(serve, session(0))
    counted = '{ search(query: "leap", orderBy: RECENT) { %s nodes { session { id } } } }'
    for fields in ("", "totalCount"):
        # Prepared when it comes again.
        await server.client.data(counted % fields)
    with statements(server) as plain:
        await server.client.data(counted % "")
    with statements(server) as with_count:
        await server.client.data(counted % "totalCount")
    # Sessions; all else is cached.
    assert len(with_count) == len(plain) + 1
    with statements(server) as nothing:
        await server.client.data('{ search(query: "…") { totalCount nodes { score } } }')
    assert nothing == []
