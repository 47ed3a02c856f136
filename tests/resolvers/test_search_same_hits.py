"""For any texts and queries in any script SQLite and PostgreSQL find what a naive search finds, in the same order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.documents.formats import read_document
from storage.documents.imports import import_document
from storage.json_codec import storable, storable_text
from storage.search.index import segment as segments
from storage.search.query import hit_finder
from tests.support.examples import examples
from tests.support.searches import (
    DEFAULTS,
    PAGE,
    Told,
    place_of,
    plainly_found,
    queries_of,
    search,
    told_sessions,
    vocabularies,
    walk_always,
    walked,
)
from tests.support.server import Served
from tests.support.stored_sessions import delete_session


@st.composite
def searches(draw: st.DrawFn) -> tuple[list[Told], list[str], int]:
    """Sessions, queries and the size of a page."""
    vocabulary = draw(vocabularies())
    queries = st.lists(queries_of(vocabulary), min_size=1, max_size=4)
    return draw(told_sessions(vocabulary)), draw(queries), draw(st.integers(1, 6))


async def replace_all(server: Served, sessions: list[Told]) -> None:
    database = server.app.state.database
    for id in ("s0", "s1", "s2", "s3"):
        await delete_session(database, id)
    for session in sessions:
        await import_document(database, read_document(storable(session.document)))


def stored(sessions: list[Told]) -> list[Told]:
    """With replacements for characters that the databases cannot store."""
    return [
        session._replace(
            texts={place: [storable_text(text) for text in texts] for place, texts in session.texts.items()}
        )
        for session in sessions
    ]


@pytest.mark.parametrize("way", ["all", "newest"])
@examples(10)
@given(drawn=searches())
async def test_any_query_finds_the_same_as_a_naive_search(
    servers: list[Served], monkeypatch: pytest.MonkeyPatch, way: str, drawn: tuple[list[Told], list[str], int]
) -> None:
    sessions, queries, size = drawn
    if way == "newest":
        walk_always(monkeypatch)
        # Then some of the messages are indexed as long ones are.
        monkeypatch.setattr(segments, "MAX_BIGRAMS", 3)
    moments = {session.document["metadata"]["id"]: session.updated_at for session in sessions}

    def newest_first(place: Any) -> Any:
        id, position = place
        return moments[id], id, float("inf") if position is None else position

    for server in servers:
        await replace_all(server, sessions)
    for query in queries:
        expected = sorted(plainly_found(stored(sessions), storable_text(query)), key=newest_first, reverse=True)
        ranked = []
        for server in servers:
            recent = await walked(server.client, query, size, orderBy="RECENT")
            assert [place_of(node) for node in recent] == expected
            ranked.append(await walked(server.client, query, size, orderBy="RELEVANCE"))
            assert (await search(server.client, query, first=1))["totalCount"] == len(expected)
        assert ranked[0] == ranked[1]
        assert sorted(map(place_of, ranked[0]), key=newest_first, reverse=True) == expected
        scores = [node["score"] for node in ranked[0][: hit_finder.MAX_RANKED]]
        assert scores == sorted(scores, reverse=True)
        assert all(score > 0 for score in scores)
        assert {place_of(node) for node in ranked[0][: hit_finder.MAX_RANKED]} == set(expected[: hit_finder.MAX_RANKED])


@examples(40)
@given(query=st.text(max_size=20) | st.text(st.sampled_from("\"*()^:-+'\\ aé漢_\x00\ud800\n"), max_size=20))
async def test_only_an_empty_query_is_an_error(servers: list[Served], query: str) -> None:
    for server in servers:
        answer = await server.client.execute(PAGE, {**DEFAULTS, "words": query})

        if storable_text(query).strip():
            assert "errors" not in answer
        else:
            assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
