"""Searches while others write: what a process knows of the index is right or is read again (I21)."""

import asyncio

import pytest

import storage.search.query.hits
from storage.database.database import Database
from storage.database.lru_cache import LRUCache
from storage.documents.session_changes import delete_session, update_session
from storage.search.index.compaction import MOST_OF_A_KIND
from tests.conftest import Serve
from tests.support.documents import Document, assistant, user, zagens
from tests.support.searches import found
from tests.support.seeding import save

PATIENCE = 60
ROUNDS = 12
COUNTED = (
    '{ search(query: "constant", first: 9, orderBy: %s) { totalCount nodes { session { id } message { position } } } }'
)


def session(id: str, turn: int = 0, extra: int = 0) -> Document:
    said = [assistant(f"turn {turn}"), user("A constant remains."), assistant("It remains constant.")]
    return zagens(id, messages=[*said, *[user("More.")] * extra])


@pytest.mark.parametrize("most_bytes", [0, 2_000, None])
async def test_what_another_process_writes_is_found_at_once(
    database_url: str, serve: Serve, most_bytes: int | None
) -> None:
    server = await serve(seed=False)
    if most_bytes is not None:
        # Nothing that is known of the index fits, or little.
        server.app.state.database.kept = LRUCache(most_bytes)
    async with Database(database_url) as elsewhere:
        assert await found(server.client, "constant") == []
        await save(elsewhere, session("a"))
        assert await found(server.client, "constant") == [("a", 2), ("a", 1)]
        # Enough of them, so that segments which the server knows are merged.
        for number in range(MOST_OF_A_KIND):
            await save(elsewhere, session(f"b{number}"))
            assert len(await found(server.client, "constant")) == 4 + 2 * number
        await update_session(elsewhere, "a", "A constant title", None)
        assert ("a", None) in await found(server.client, "constant")
        await save(elsewhere, session("a", turn=1))
        assert [place for place in await found(server.client, "constant") if place[0] == "a"] == [
            ("a", None),
            ("a", 2),
            ("a", 1),
        ]
        await delete_session(elsewhere, "a")
        assert len(await found(server.client, "constant")) == 2 * MOST_OF_A_KIND


@pytest.mark.parametrize(("order", "tries"), [("RECENT", 0), ("RECENT", 1), ("RELEVANCE", 3)])
async def test_a_session_that_is_written_anew_is_found_all_the_while(
    database_url: str, serve: Serve, monkeypatch: pytest.MonkeyPatch, order: str, tries: int
) -> None:
    monkeypatch.setattr(storage.search.query.hits, "_MOST_TRIES", tries)
    server = await serve(seed=False)
    async with Database(database_url) as elsewhere, asyncio.timeout(PATIENCE):
        await save(elsewhere, session("s"))

        async def write() -> None:
            for turn in range(1, ROUNDS):
                # Another transcript, then one that goes on from it: the session gets a new number, then a new segment.
                await save(elsewhere, session("s", turn))
                await save(elsewhere, session("s", turn, extra=1))

        searches = 0
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(write())
            while not writing.done():
                hits = (await server.client.data(COUNTED % order))["search"]
                assert sorted(hit["message"]["position"] for hit in hits["nodes"]) == [1, 2]
                assert hits["totalCount"] == 2
                searches += 1
    assert searches > ROUNDS / 2
