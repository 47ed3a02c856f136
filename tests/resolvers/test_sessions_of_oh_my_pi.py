"""Sessions of oh-my-pi, a fork of pi: in the form of version 18.2.3, with the title before the header."""

from pathlib import Path
from typing import Any

from storage.database.database import Database
from storage.documents.formats.pi.pi_format import PiFormat
from storage.handoff.target import json_lines
from tests.support.archived import take
from tests.support.pi_entries import Entries, call, text, usage
from tests.support.server import Served

ID, SUBAGENT_ID = "01a22e92-eed5-76c5-be2f-3cb15fa9f1bd", "01a22e92-f85f-7725-adf6-35c1abfb69ff"
NESTED_ID = "01a22e93-0c11-7001-8a5e-9c02d1f0a3b7"
FILE = f"sessions/-shop/2026-11-28T06-00-00-000Z_{ID}.jsonl"
SESSIONS = """{
  sessions(first: 10, filter: {kinds: [MAIN, FORK, SUBAGENT]}, orderBy: {field: CREATED_AT, direction: ASC}) {
    nodes {
      id source kind title model systemPrompt parent { id } usage { inputTokens }
      messages(first: 10) { nodes { role text } }
      handoff(to: CODEX) { files { content } }
    }
  }
}"""


def session(title: str) -> Entries:
    entries = Entries(id=ID)
    entries.records.insert(0, {"type": "title", "v": 1, "title": title, "updatedAt": "", "pad": ""})
    entries.add("model_change", "c1", model="scripted/model")
    entries.say("user", "u1", [text("What was before?")]).say("assistant", "a1", [text("Tea.")], usage=usage(1))
    entries.add("reset_boundary", "r1").add("model_usage", "m1", purpose="title", usage=usage(1))
    return entries.say("user", "u2", [text("Ask an agent.")]).say("assistant", "a2", [call("c")], usage=usage(1))


def subagent(id: str, parent_file: Path, second: int) -> Entries:
    started = f"2026-11-28T06:01:{second:02}.000Z"
    entries = Entries(id=id, timestamp=started, parentSession=str(parent_file))
    entries.records.insert(0, {"type": "title", "v": 1, "title": "", "updatedAt": started, "pad": ""})
    entries.add("session_init", "i1", systemPrompt="You are a helper.", task="Look", tools=[])
    entries.say("user", "u1", [text("Look at a.txt")], attribution="agent")
    entries.say("assistant", "a1", [text("It says hello.")], model="model", usage=usage(1))
    for record in entries.records[2:]:
        record["timestamp"] = started
    return entries


async def nodes(server: Served, database_url: str, home: Path, files: dict[str, Entries]) -> list[dict[str, Any]]:
    for name, entries in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(json_lines(entries.records), encoding="utf-8")
    async with Database(database_url) as database:
        await take(database, PiFormat(), home)
    found: list[dict[str, Any]] = (await server.client.data(SESSIONS))["sessions"]["nodes"]
    return found


async def test_sessions_are_imported_with_their_titles_and_subagents(
    server: Served, database_url: str, tmp_path: Path
) -> None:
    folder = FILE.removesuffix(".jsonl")
    files = {
        FILE: session(""),
        f"{folder}/Look.jsonl": subagent(SUBAGENT_ID, tmp_path / FILE, 20),
        f"{folder}/Look/Deeper.jsonl": subagent(NESTED_ID, tmp_path / folder / "Look.jsonl", 30),
    }

    main, look, deeper = await nodes(server, database_url, tmp_path, files)

    assert (main["id"], main["source"], main["kind"], main["model"]) == (ID, "PI", "MAIN", "model")
    # The tokens of the request for a title are no reply's.
    assert (main["title"], main["usage"]) == ("What was before?", {"inputTokens": 30})
    texts = [message["text"] for message in main["messages"]["nodes"]]
    assert texts[:2] == ["What was before?", "Tea."]
    assert "Ask an agent." in texts
    [file] = main["handoff"]["files"]
    assert "Ask an agent." in file["content"]
    assert "Tea." not in file["content"]
    for one, id, title in ((look, SUBAGENT_ID, "Look"), (deeper, NESTED_ID, "Deeper")):
        assert (one["id"], one["kind"], one["title"], one["parent"]) == (id, "SUBAGENT", title, {"id": ID})
        assert one["systemPrompt"] == "You are a helper."
        assert [message["text"] for message in one["messages"]["nodes"]] == ["Look at a.txt", "It says hello."]


async def test_a_title_that_is_written_in_place_renames_the_session(
    server: Served, database_url: str, tmp_path: Path
) -> None:
    [before] = await nodes(server, database_url, tmp_path, {FILE: session("Tea")})
    [after] = await nodes(server, database_url, tmp_path, {FILE: session("Tea and coffee")})

    assert (before["title"], after["title"]) == ("Tea", "Tea and coffee")
    assert after["messages"] == before["messages"]
    assert after["usage"] == before["usage"]


async def test_a_change_of_the_title_is_told_in_full(server: Served, database_url: str, tmp_path: Path) -> None:
    entries = session("Tea and")
    entries.add("title_change", "t1", title="Tea and coffee", source="user")

    [found] = await nodes(server, database_url, tmp_path, {FILE: entries})

    assert found["title"] == "Tea and coffee"
