"""Searches take sessions from a cache, and notice when one has changed."""

import pytest

from storage.database.database import Database
from storage.search.query import cached_sessions, found_sessions
from tests.conftest import Serve
from tests.support.documents import Document, user, zagens
from tests.support.searches import found
from tests.support.sessions import saved_together
from tests.support.statements import statements
from tests.support.stored_sessions import update_session

SHOWN = """query ($words: String!) {
  search(query: $words, orderBy: RECENT) { nodes { session { id } message { position } snippet } }
}"""


def session(n: int) -> Document:
    # Half of the sessions have the first word, and three of them the second.
    words = f"{'year' if n % 2 else 'leap'} {'constant' if n > 20 else 'other'}"
    return zagens(f"s{n:02}", messages=[user(words)], updated_at=f"2026-01-{n + 1:02}T00:00:00Z")


async def test_a_search_that_was_never_made_reads_no_sessions_that_others_have_read(serve: Serve) -> None:
    server = await serve(seed=False)
    await saved_together(server, *map(session, range(24)))
    for _ in range(2):
        await server.client.data(SHOWN, words="year")
        await server.client.data(SHOWN, words="leap")
    with statements(server) as made:
        nodes = (await server.client.data(SHOWN, words="constant"))["search"]["nodes"]
    assert [node["session"]["id"] for node in nodes] == ["s23", "s22", "s21"]
    # The messages: the words before and after it are in a block of postings that was read.
    assert len(made) == 1


@pytest.mark.parametrize(("rows", "missing"), [(20_000, 1_000), (3, 1_000), (20_000, 0)])
async def test_a_change_elsewhere_is_noticed(
    database_url: str, serve: Serve, monkeypatch: pytest.MonkeyPatch, rows: int, missing: int
) -> None:
    monkeypatch.setattr(cached_sessions, "MAX_ROWS", rows)
    monkeypatch.setattr(found_sessions, "_MAX_MISSING", missing)
    server = await serve(seed=False)
    await saved_together(server, *map(session, range(24)))
    async with Database(database_url) as elsewhere:
        for word, archived, places in (("constant", "s22", [23, 21]), ("year", "s21", [23, *range(19, 0, -2)])):
            await found(server.client, word)
            await update_session(elsewhere, archived, None, True)
            # In the second round the first word is known, too.
            assert await found(server.client, word, orderBy="RECENT") == [(f"s{n:02}", 0) for n in places]
            assert await found(server.client, word, orderBy="RECENT", filter={"archived": "ARCHIVED"}) == [
                (archived, 0)
            ]
            await update_session(elsewhere, archived, None, False)
            assert (archived, 0) in await found(server.client, word)
