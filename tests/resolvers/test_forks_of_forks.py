"""Forks of forks of Codex, each of which is stored without the lines that it continues."""

import itertools
import json
from collections.abc import Sequence

import pytest

from tests.support.rollouts import THREAD, header, said
from tests.support.server import Served

FORKED = "01a220d4-4444-7130-803d-c10009ff2376"
AGAIN = "01a220d4-5555-7130-803d-c10009ff2376"
IMPORT = """mutation ($text: String!) {
  importSession(input: {text: $text}) { outcome userErrors { message } }
}"""
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
