"""Searches during concurrent writes: a stale snapshot of the index is detected and read again."""

import asyncio

import pytest

import storage.search.query.hits
from storage.database.database import Database
from storage.database.lru_cache import LRUCache
from storage.search.index.compaction import MAX_TIER_SEGMENTS
from tests.conftest import Serve
from tests.support.documents import Document, assistant, user, zagens
from tests.support.searches import found
from tests.support.seeding import save
from tests.support.stored_sessions import delete_session, update_session

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
        # The cache has room for nothing, or for little.
        server.app.state.database.cache = LRUCache(most_bytes)
    async with Database(database_url) as elsewhere:
        assert await found(server.client, "constant") == []
        await save(elsewhere, session("a"))
        assert await found(server.client, "constant") == [("a", 2), ("a", 1)]
        # Enough to compact segments that the server has cached.
        for number in range(MAX_TIER_SEGMENTS):
            await save(elsewhere, session(f"b{number}"))
            assert len(await found(server.client, "constant")) == 4 + 2 * number
        await update_session(elsewhere, "a", "A constant title", None)
        assert ("a", None) in await found(server.client, "constant")
        await save(elsewhere, session("a", turn=1))
        assert [place for place in await found(server.client, "constant") if place[0] == "a"] == [
            ("a", None),
            ("a", 5),
            ("a", 4),
            ("a", 2),
            ("a", 1),
        ]
        await delete_session(elsewhere, "a")
        assert len(await found(server.client, "constant")) == 2 * MAX_TIER_SEGMENTS


@pytest.mark.slow
@pytest.mark.parametrize(("order", "tries"), [("RECENT", 0), ("RECENT", 1), ("RELEVANCE", 3)])
async def test_a_session_is_found_all_the_while_it_is_rewritten(
    database_url: str, serve: Serve, monkeypatch: pytest.MonkeyPatch, order: str, tries: int
) -> None:
    monkeypatch.setattr(storage.search.query.hits, "_MAX_ATTEMPTS", tries)
    server = await serve(seed=False)
    async with Database(database_url) as elsewhere, asyncio.timeout(PATIENCE):
        await save(elsewhere, session("s"))

        async def write() -> None:
            for turn in range(1, ROUNDS):
                # A rewrite adds a window, which is a new segment like any appended message.
                await save(elsewhere, session("s", turn))
                await save(elsewhere, session("s", turn, extra=1))
                # On a busy machine all writes could otherwise end before the first search does.
                searched.clear()
                await searched.wait()

        searched = asyncio.Event()
        searches, before = 0, 2
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(write())
            while not writing.done():
                hits = (await server.client.data(COUNTED % order))["search"]
                # Each rewrite adds a window with two more; no search sees a part of one.
                assert min(9, before) <= len(hits["nodes"]) <= hits["totalCount"]
                before = max(before, len(hits["nodes"]))
                assert hits["totalCount"] % 2 == 0
                searches += 1
                searched.set()
    assert searches >= ROUNDS - 1
