"""Summaries and texts of messages that the server cuts."""

import json
from typing import Any

from tests.conftest import Serve
from tests.support.documents import assistant, message, text, thinking, tool_result, tool_use, user, zagens
from tests.support.sessions import imported

META = "<turn_meta>\nCurrent local date: 2026-08-01\n</turn_meta>"
QUERY = """query ($length: Int! = 280, $most: Int) {
  session(id: "s") { messages(first: 100) { nodes { summary(maxLength: $length) text(maxLength: $most) } } }
}"""
LONG = "word " * 40_000


async def test_a_summary_is_the_first_words_of_what_a_message_says(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    said: list[tuple[Any, str]] = [
        (user("Why\n\n  does it fail?"), "Why does it fail?"),
        (user(f"{META}\n\nFix it"), "Fix it"),
        (user(META), "<turn_meta> Current local date: 2026-08-01 </turn_meta>"),
        (assistant(thinking("Hm."), text("Because 漢字 👩\u200d👩\u200d👧.")), "Because 漢字 👩\u200d👩\u200d👧."),
        (assistant(thinking("Hm."), tool_use("t", "bash", {"n": 1, "command": "ls\n-l"})), "bash: ls -l"),
        (assistant(thinking(" Hm.\n")), "Hm."),
        (user(tool_result("t", "total 0")), "total 0"),
        (message("assistant", {"type": "hologram"}), "hologram"),
        (assistant(), ""),
        (user(LONG), ("word " * 56).strip()),
        (assistant({"type": "tool_use", "id": "t", "name": "", "input": None}, text("  ")), ""),
    ]
    await imported(client, zagens("s", messages=[one for one, _ in said]))

    for _ in range(2):
        nodes = (await client.data(QUERY))["session"]["messages"]["nodes"]
        assert [node["summary"] for node in nodes] == [summary for _, summary in said]
        assert nodes[9]["text"] == LONG
        cut = (await client.data(QUERY, length=7, most=9))["session"]["messages"]["nodes"]
        assert [node["summary"] for node in cut] == [summary[:7].rstrip() for _, summary in said]
        assert [node["text"] for node in cut] == [node["text"][:9] for node in nodes]
    longest = (await client.data(QUERY, length=10_000, most=0))["session"]["messages"]["nodes"]
    assert longest[9] == {"summary": LONG[:2_000].strip(), "text": ""}
    assert longest[0]["summary"] == "Why does it fail?"
    assert (await client.data(QUERY, length=0))["session"]["messages"]["nodes"][0]["summary"] == "W"
    for wrong in ({"length": -1}, {"most": -1}):
        answer = await client.execute(QUERY, wrong)
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
        assert answer["data"] == {"session": {"messages": None}}
    assert len(json.dumps(await client.data(QUERY, length=2_000, most=100))) < 20_000
