"""A very long message is one hit, wherever in it the match is."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from storage.search.index import segment as segments
from storage.search.query import hit_finder
from storage.search.query.entry_texts import read_texts
from tests.conftest import Serve
from tests.support.documents import assistant, user, zagens
from tests.support.searches import found, search, walk_always, walked
from tests.support.sessions import saved

COUNT = 12_000
# With four common prefixes.
WORDS = [f"{'wxyz'[number % 4]}{number}" for number in range(COUNT)]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["all", "newest"])
async def test_a_match_anywhere_is_one_hit(serve: Serve, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    if way == "newest":
        walk_always(monkeypatch)
    server = await serve(seed=False)
    said = [user("before w4"), assistant(" everywhere ".join(WORDS)), user("after w4 everywhere")]
    await saved(server, zagens("s", "Other", messages=said), zagens("t", "Other", messages=said[1:2]))
    client = server.client
    for order in ("RECENT", "RELEVANCE"):
        for number in (0, 4_999, 5_000, 9_000, COUNT - 1):
            assert set(await found(client, WORDS[number], orderBy=order)) >= {("s", 1), ("t", 0)}
        # Long phrases at many offsets.
        for number in range(4_800, 5_050, 40):
            phrase = " everywhere ".join(WORDS[number : number + 60])
            assert await found(client, f'"{phrase}"', orderBy=order) == [("t", 0), ("s", 1)]
        for query in ("everywhere", "every*", "w*"):
            places = await found(client, query, orderBy=order, scopes=["MESSAGE"])
            assert len(places) == len(set(places)) == (await search(client, query, scopes=["MESSAGE"]))["totalCount"]
            assert set(places) >= {("s", 1), ("t", 0), ("s", 2)}
            for size in (1, 2, 3):
                nodes = await walked(client, query, size, orderBy=order, scopes=["MESSAGE"])
                assert [(node["session"]["id"], node["message"]["position"]) for node in nodes] == places
    [hit, _] = (await search(client, f'"{WORDS[-2]} everywhere {WORDS[-1]}"'))["nodes"]
    spans = [hit["snippet"][span["start"] : span["end"]] for span in hit["highlights"]]
    assert spans == [WORDS[-2], "everywhere", WORDS[-1]]


@pytest.mark.slow
async def test_a_long_message_of_four_byte_letters_is_found(serve: Serve) -> None:
    server = await serve(seed=False)
    # Distinct words of 64 letters with four bytes each in UTF-8.
    letters = [chr(0x10380 + number) for number in range(26)]
    words = ["".join(letters[(number >> shift) % 16] for shift in range(64)) for number in range(9_000)]
    await saved(server, zagens("s", "Other", messages=[user(" ".join(words))]))
    for number in (0, 1, 3_000, 4_500, 8_999):
        assert await found(server.client, words[number]) == [("s", 0)]
    assert await found(server.client, f"{words[-2]}-{words[-1]}") == [("s", 0)]
    assert await found(server.client, letters[20]) == []


@pytest.mark.slow
@pytest.mark.parametrize("fields", ["score snippet", "score snippet message { text }", "snippet score message { id }"])
async def test_long_hits_are_shown_alike_in_both_orders_and_when_prepared(serve: Serve, fields: str) -> None:
    server = await serve(seed=False)
    long = [f"{'filler ' * 20_000} amber {number} {'amber ' * number}" for number in range(4)]
    said = [user(long[0]), assistant("short amber"), user(long[1]), assistant(long[2]), user(long[3])]
    await saved(server, zagens("s", "Title of amber", messages=said), zagens("t", "Other", messages=said[::-1]))
    asked = '{ search(query: "amber", orderBy: %s) { nodes { id session { id } highlights { start end } %s } } }'
    answers = []
    for order in ("RECENT", "RELEVANCE"):
        # The second time it is executed by its plan, then from what is cached of the query.
        for _ in range(3):
            nodes = (await server.client.data(asked % (order, fields)))["search"]["nodes"]
            answers.append(sorted(nodes, key=lambda node: str(node["id"])))
            if len(answers) % 3 == 1:
                server.app.state.database.cache.clear()
    assert all(answer == answers[0] for answer in answers)
    assert len(answers[0]) == 11
    assert all("amber" in node["snippet"] for node in answers[0])
    assert len({node["score"] for node in answers[0]}) > 4


@pytest.mark.slow
@pytest.mark.parametrize("form", ["of now", "of older versions"])
async def test_phrases_read_few_long_messages_without_them(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    if form == "of older versions":
        monkeypatch.setattr(segments, "MAX_BIGRAMS", 10**9)
    server = await serve(seed=False, response_cache_bytes=0)
    chance = Random(20261130)
    vocabulary = [f"word{number}" for number in range(200)]
    said = [chance.choices(vocabulary, k=8_000) for _ in range(20)]
    await saved(
        server, *(zagens(f"s{number:02}", "Other", messages=[user(" ".join(some))]) for number, some in enumerate(said))
    )
    pairs = [set(pairwise(some)) for some in said]
    read: list[Any] = []

    async def counting(reader: Any, places: Sequence[Any]) -> Any:
        read.extend(places)
        return await read_texts(reader, places)

    monkeypatch.setattr(hit_finder, "read_texts", counting)
    hits = 0
    for _ in range(20):
        first, second = chance.choices(vocabulary, k=2)
        expected = {f"s{number:02}" for number, some in enumerate(pairs) if (first, second) in some}
        assert {session for session, _ in await found(server.client, f'"{first} {second}"')} == expected
        hits += len(expected)
    assert 40 < hits < 120
    # Of 400 messages, some 36 without the phrase had the same hash of 16 bits.
    assert (len(read) - hits < 10) is (form == "of now")
