"""Forks of forks of Codex, each of which is stored without the lines that it continues."""

import itertools
import json
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from storage.compression import decompress
from storage.database.database import Database
from storage.database.tables.transcript import transcript_companion
from tests.support.rollouts import THREAD, header, said
from tests.support.server import Served

FORKED = "01a220d4-4444-7130-803d-c10009ff2376"
AGAIN = "01a220d4-5555-7130-803d-c10009ff2376"
IMPORT = """mutation ($text: String!) {
  importSession(input: {text: $text}) { outcome userErrors { message } }
}"""
DELETE = "mutation ($id: ID!) { deleteSession(input: {sessionId: $id}) { userErrors { message } } }"
PROMPTS = "query ($id: ID!) { session(id: $id) { messages(roles: [USER]) { nodes { text } } } }"


def rollout(thread_id: str, prompt: str, first: int, base: str | None = None) -> str:
    """A rollout of two lines, which continues all lines of its base."""
    continued = {"thread_id": base, "end_ordinal_exclusive": first, "end_byte_offset": 0}
    values = {} if base is None else {"forked_from_id": base, "history_base": continued}
    lines = [header(thread_id, **values), said("user", prompt)]
    return "".join(json.dumps({**line, "ordinal": first + place}) + "\n" for place, line in enumerate(lines))


ROLLOUTS = (rollout(THREAD, "One.", 0), rollout(FORKED, "Two.", 2, THREAD), rollout(AGAIN, "Three.", 4, FORKED))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
async def test_a_fork_of_a_fork_has_all_that_it_continues_whichever_is_imported_first(
    server: Served, order: Sequence[int]
) -> None:
    for number in order:
        payload = (await server.client.data(IMPORT, text=ROLLOUTS[number]))["importSession"]
        assert payload == {"outcome": "CREATED", "userErrors": []}

    session = (await server.client.data(PROMPTS, id=AGAIN))["session"]

    assert [one["text"] for one in session["messages"]["nodes"]] == ["One.", "Two.", "Three."]


@pytest.mark.parametrize("deleted", [[THREAD], [FORKED], [THREAD, FORKED], [FORKED, THREAD]], ids=str)
async def test_a_fork_keeps_what_it_continues_of_sessions_that_are_deleted(
    server: Served, database_url: str, deleted: list[str]
) -> None:
    left = [said("user", "Left."), said("user", "Later.")]
    for number, text in enumerate(ROLLOUTS):
        # The source went on after the fork was made.
        more = [] if number == 2 else [{**line, "ordinal": 2 * number + 2 + place} for place, line in enumerate(left)]
        whole = text + "".join(json.dumps(line) + "\n" for line in more)
        assert (await server.client.data(IMPORT, text=whole))["importSession"]["userErrors"] == []
    for id in deleted:
        assert (await server.client.data(DELETE, id=id))["deleteSession"] == {"userErrors": []}

    grown = ROLLOUTS[2] + json.dumps({**said("user", "Four."), "ordinal": 6}) + "\n"
    assert (await server.client.data(IMPORT, text=grown))["importSession"] == {"outcome": "UPDATED", "userErrors": []}

    session = (await server.client.data(PROMPTS, id=AGAIN))["session"]
    assert [one["text"] for one in session["messages"]["nodes"]] == ["One.", "Two.", "Three.", "Four."]
    assert b"Left." not in b"".join(await companions(database_url))


async def companions(database_url: str) -> list[bytes]:
    """The contents of all companions in the archive."""
    async with Database(database_url) as database, database.snapshot() as connection:
        return [decompress(data) for (data,) in await connection.execute(sa.select(transcript_companion.c.data))]
