"""Transcripts with numbers that no database column, sum or scalar can hold are imported, and can be read."""

import json
from typing import Any

from tests.support.claude_code import Lines, text
from tests.support.pi_entries import Entries
from tests.support.rollouts import THREAD, header, said
from tests.support.server import Served

IMPORT = """mutation ($text: String!) {
  importSession(input: {text: $text}) { userErrors { message } session { id } }
}"""
READ = """query ($id: ID!) {
  session(id: $id) {
    totalTokens recordedCost metadata usage { inputTokens outputTokens totalTokens }
    messages { nodes { usage { totalTokens } } }
  }
}"""
MOST = 2**53 - 1
BEYOND_64_BITS = 2**70


async def imported(server: Served, *lines: dict[str, Any]) -> dict[str, Any]:
    """A session of these lines, as clients see it."""
    document = "".join(json.dumps(line) + "\n" for line in lines)
    payload = (await server.client.data(IMPORT, text=document))["importSession"]
    assert payload["userErrors"] == []
    session: dict[str, Any] = (await server.client.data(READ, id=payload["session"]["id"]))["session"]
    return session


async def test_the_header_of_a_rollout_may_have_a_number_beyond_64_bits(server: Served) -> None:
    session = await imported(server, header(THREAD, newer=BEYOND_64_BITS), said("user", "Go."))

    assert session["metadata"]["newer"] == BEYOND_64_BITS


async def test_totals_of_tokens_stay_within_what_clients_can_be_sent(server: Served) -> None:
    lines = Lines()
    lines.user("Go.")
    for number in range(3):
        lines.assistant(text(f"{number}"), usage={"input_tokens": MOST, "output_tokens": BEYOND_64_BITS})
    lines.assistant(text("last"), usage={"input_tokens": 2, "output_tokens": 3})

    session = await imported(server, *lines.lines)

    most = MOST // 5
    assert session["usage"] == {"inputTokens": most, "outputTokens": most, "totalTokens": 2 * most}
    assert session["totalTokens"] == 2 * most
    totals = [node["usage"] and node["usage"]["totalTokens"] for node in session["messages"]["nodes"]]
    assert totals == [None, 2 * most, 2 * most, 2 * most, 5]


async def test_costs_that_no_session_has_are_left_out(server: Served) -> None:
    entries = Entries(id="01a220d3-0ca2-766b-bf88-dd02e0985b63")
    entries.say("user", "u1", "Go.")
    for number, cost in enumerate([1e308, 1e308, 0.25]):
        usage = {"input": 1, "output": 1, "totalTokens": 2, "cost": {"total": cost}}
        entries.say("assistant", f"a{number}", [{"type": "text", "text": "Done."}], usage=usage)

    session = await imported(server, *entries.records)

    assert session["recordedCost"] == 0.25
