"""Copies of pi's sessions that `/export` and `/import` made: they have the ids of the sessions and of their entries."""

from pathlib import Path
from typing import Any

import pytest

from storage.database.database import Database
from storage.documents.formats.pi.pi_format import PiFormat
from storage.handoff.target import json_lines
from tests.support.archived import take
from tests.support.pi_entries import Entries, text, usage
from tests.support.server import Served

SESSION = """{ sessions(first: 10) { nodes {
  kind createdAt usage { inputTokens }
  messages(first: 10) { nodes { text } }
  handoff(to: CODEX) { files { content } }
} } }"""
SOURCE = "/home/dev/.pi/agent/sessions/--home-dev-shop--/2026-11-28T05-00-00-000Z_s0.jsonl"


def session(**header: Any) -> Entries:
    """A session with one reply that it copied from the session that it forks, and one of its own."""
    entries = Entries(**header).say("user", "u1", [text("One")])
    entries.say("assistant", "a1", [text("First")], usage=usage(1))
    entries.records[-1]["timestamp"] = "2026-11-28T05:30:00.000Z"
    return entries.say("assistant", "a2", [text("Second")], usage=usage(1))


@pytest.mark.parametrize("name_of_copy", ["a", "z"])
@pytest.mark.parametrize("continued_last", ["the original", "the copy"])
async def test_a_session_continues_where_it_was_continued_last(
    server: Served, database_url: str, tmp_path: Path, name_of_copy: str, continued_last: str
) -> None:
    original = session(parentSession=SOURCE)
    copy = session(timestamp="2026-11-28T06:10:00.000Z")
    for entries, id, words in ((original, "u2", "the original"), (copy, "u3", "the copy")):
        entries.say("user", id, [text(f"In {words}")])
        entries.records[-1]["timestamp"] = f"2026-11-28T07:{30 if words == continued_last else 20}:00.000Z"
    for folder, entries in (("m", original), (name_of_copy, copy)):
        file = tmp_path / "sessions" / f"--{folder}--" / "2026-11-28T06-00-00-000Z_s1.jsonl"
        file.parent.mkdir(parents=True)
        file.write_text(json_lines(entries.records), encoding="utf-8")

    async with Database(database_url) as database:
        await take(database, PiFormat(), tmp_path)
    [found] = (await server.client.data(SESSION))["sessions"]["nodes"]

    texts = {message["text"] for message in found["messages"]["nodes"]}
    assert texts == {"One", "First", "Second", "In the original", "In the copy"}
    [file] = found["handoff"]["files"]
    carried = {words for words in texts if words in file["content"]}
    assert carried == {"One", "First", "Second", f"In {continued_last}"}
    assert (found["kind"], found["usage"]) == ("FORK", {"inputTokens": 10})
    assert found["createdAt"] == "2026-11-28T06:00:00.000000Z"
