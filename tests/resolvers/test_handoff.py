"""Session.handoff gives the files from which another agent continues, and writes none."""

import json
from pathlib import Path
from typing import Any

import pytest

from schema.handoff import HandoffLossCode
from storage.database.database import Database
from storage.documents.formats.registry import FORMATS
from storage.handoff.losses import CODES
from storage.handoff.new_files import place_of, write_new
from storage.handoff.target import json_lines
from storage.handoff.targets import TARGETS
from tests.conftest import Serve
from tests.support import gemini_records
from tests.support.archived import take
from tests.support.documents import assistant, text, tool_use, user, zagens
from tests.support.handoffs import FIXTURES
from tests.support.pi_entries import Entries
from tests.support.pi_entries import text as said
from tests.support.server import Served
from tests.support.sessions import exported, imported, strictly

CODEX = "01a220d4-3cb0-7130-803d-c10009ff2376"
BRANCHED = "01a220d3-0ca2-766b-bf88-dd02e0985b63"
HANDOFF = """query ($id: ID!, $to: SessionSource!, $workspace: String) {
  session(id: $id) {
    handoff(to: $to, workspace: $workspace) {
      to sessionId files { path content } commands losses { code count message }
    }
  }
}"""


def strings(value: object) -> list[str]:
    """All strings within a JSON value."""
    if isinstance(value, dict | list):
        return [each for item in (value.values() if isinstance(value, dict) else value) for each in strings(item)]
    return [value] if isinstance(value, str) else []


async def handed_over(server: Served, id: str, to: str, workspace: str | None = None) -> Any:
    data = await server.client.data(HANDOFF, id=id, to=to, workspace=workspace)
    return data["session"]["handoff"]


@pytest.fixture
async def codex(server: Served, database_url: str) -> Served:
    """A server with sessions of Codex."""
    async with Database(database_url) as database:
        await take(database, FORMATS["CODEX"], FIXTURES / "codex" / "home")
    return server


async def test_another_agent_gets_files_commands_and_losses(server: Served) -> None:
    call = assistant(text("Let me see."), tool_use("call_0", "till_price", {"tea": "mint"}))
    await imported(server.client, zagens("s1", "Tea", messages=[user("What does it cost?"), call]))

    handoff = await handed_over(server, "s1", "CODEX", "/home/dev/other")

    [file] = handoff["files"]
    lines = [json.loads(line) for line in file["content"].splitlines()]
    assert (handoff["to"], lines[0]["payload"]["id"]) == ("CODEX", handoff["sessionId"])
    assert (lines[0]["payload"]["cwd"], lines[0]["payload"]["handed_over_from"]) == ("/home/dev/other", "s1")
    assert file["path"].startswith("sessions/")
    assert "What does it cost?" in file["content"]
    assert handoff["commands"] == [["codex", "resume", handoff["sessionId"]]]
    assert {loss["code"]: loss["count"] for loss in handoff["losses"]} == {"UNANSWERED_CALL": 1, "TITLE": 1}
    assert all(loss["message"] for loss in handoff["losses"])


@pytest.mark.parametrize("to", TARGETS)
async def test_every_target_can_be_previewed(server: Served, to: str) -> None:
    await imported(server.client, zagens("s1", messages=[user("a"), assistant("b")]))

    handoff = await handed_over(server, "s1", to)

    assert handoff["commands"][-1][-1] == handoff["sessionId"]
    assert handoff["files"][0]["content"]


@pytest.mark.parametrize("to", sorted(set(TARGETS) - {"OPENCODE"}))
async def test_a_line_ends_nowhere_but_at_its_line_feed(server: Served, to: str) -> None:
    said = "pears\u2028plums\u2029figs\x85mint\n\\\u2028"
    await imported(server.client, zagens("s1", messages=[user(said), assistant("b")]))

    file, *_ = (await handed_over(server, "s1", to))["files"]

    lines = file["content"].splitlines()
    assert len(lines) == file["content"].count("\n")
    assert any(said in strings(json.loads(line)) for line in lines)


async def test_its_own_agent_gets_the_file_as_it_was(codex: Served) -> None:
    [path] = (FIXTURES / "codex" / "home").rglob(f"*{CODEX}.jsonl")

    handoff = await handed_over(codex, CODEX, "CODEX")

    assert handoff["sessionId"] == CODEX
    assert handoff["files"][0] == {
        "path": path.relative_to(FIXTURES / "codex" / "home").as_posix(),
        "content": path.read_text(encoding="utf-8"),
    }
    assert (handoff["commands"], handoff["losses"]) == ([["codex", "resume", CODEX]], [])


async def test_its_own_agent_gets_the_document(server: Served) -> None:
    await imported(server.client, zagens("s1", messages=[user("a"), assistant("b")]))

    handoff = await handed_over(server, "s1", "ZAGENS")

    [file] = handoff["files"]
    assert file["path"] == "sessions/s1.json"
    assert strictly(json.loads(file["content"])) == strictly(await exported(server, "s1"))


async def test_agents_that_take_no_handoff_and_sessions_without_a_word_are_coded_errors(server: Served) -> None:
    await imported(server.client, zagens("s1", messages=[user("a")]), zagens("s2", messages=[]))

    for id, to, message in (
        ("s1", "CODEWHALE", "Sessions cannot be handed over to CodeWhale."),
        ("s2", "CODEX", "Nothing was said in the session."),
    ):
        result = await server.client.execute(HANDOFF, {"id": id, "to": to})
        [error] = result["errors"]
        assert (error["extensions"]["code"], error["message"]) == ("BAD_USER_INPUT", message)


async def test_a_conversation_beyond_the_limit_of_answers_is_refused(serve: Serve) -> None:
    server = await serve(seed=False, max_answer_bytes=100_000)
    await imported(server.client, zagens("s1", messages=[user("a" * 200_000)]))

    for to in ("CODEX", "ZAGENS"):
        answer = await server.client.execute(HANDOFF, {"id": "s1", "to": to})
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"QUERY_TOO_COMPLEX"}


@pytest.mark.slow
@pytest.mark.parametrize("to", sorted(TARGETS.keys() - {"OPENCODE"}))
async def test_a_copy_that_is_written_comes_back_as_a_fork(
    server: Served, database_url: str, tmp_path: Path, to: str
) -> None:
    await imported(server.client, zagens("s1", "Tea", messages=[user("What does it cost?"), assistant("2.")]))
    handoff = await handed_over(server, "s1", to)
    for file in handoff["files"]:
        write_new(place_of(tmp_path, file["path"]), file["content"].encode())

    async with Database(database_url) as database:
        await take(database, FORMATS[to], tmp_path)

    query = """query ($id: ID!) {
      session(id: $id) { source kind title firstPrompt parent { id children { nodes { id } } } }
    }"""
    found = (await server.client.data(query, id=handoff["sessionId"]))["session"]
    assert found == {
        "source": to,
        "kind": "FORK",
        "title": "Tea (from zagens)",
        "firstPrompt": "What does it cost?",
        "parent": {"id": "s1", "children": {"nodes": [{"id": handoff["sessionId"]}]}},
    }


async def test_nothing_is_written(server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    await imported(server.client, zagens("s1", messages=[user("a"), assistant("b")]))

    for to in TARGETS:
        await handed_over(server, "s1", to)

    assert not (tmp_path / "user").exists()


def test_clients_know_all_kinds_of_losses() -> None:
    assert {code.value for code in HandoffLossCode} == CODES.keys()


async def test_the_summary_of_a_left_branch_is_carried(server: Served, database_url: str, tmp_path: Path) -> None:
    entries = (
        Entries(id=BRANCHED).say("user", "u1", "What does mint cost?").say("assistant", "a1", [said("It costs 2.")])
    )
    entries.say("user", "u2", "Ask the shop.").say("assistant", "a2", [said("It is closed.")])
    entries.add("branch_summary", "b1", parentId="a1", fromId="a2", summary="The shop was asked, and is closed.")
    entries.say("user", "u3", "And black tea?")
    file = tmp_path / "sessions" / "--home-dev-shop--" / f"2026-11-28T06-00-00-000Z_{BRANCHED}.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text(json_lines(entries.records), encoding="utf-8")
    async with Database(database_url) as database:
        await take(database, FORMATS["PI"], tmp_path)

    handoff = await handed_over(server, BRANCHED, "CODEX")

    [written] = handoff["files"]
    assert "The shop was asked, and is closed." in written["content"]
    assert "It is closed." not in written["content"]
    losses = {loss["message"]: loss["count"] for loss in handoff["losses"] if loss["code"] != "TITLE"}
    assert losses == {
        "Messages of left branches stay behind.": 2,
        "The summary of a left branch is carried as the user's text.": 1,
    }


async def test_what_an_editor_sent_with_a_prompt_is_carried(server: Served, database_url: str, tmp_path: Path) -> None:
    texts = ["Is this right?", "\n--- Content from referenced context ---", "Sell no coffee."]
    files = [texts[0], "\n--- Content from referenced files ---", "Mint tea 2"]
    prompts = [
        gemini_records.user(f"u{place}", [{"text": text} for text in said]) for place, said in enumerate((texts, files))
    ]
    file = tmp_path / gemini_records.NAME
    file.parent.mkdir(parents=True)
    file.write_text(json_lines([gemini_records.HEADER, *prompts]), encoding="utf-8")
    (file.parents[1] / ".project_root").write_text("/home/dev/shop", encoding="utf-8")
    async with Database(database_url) as database:
        await take(database, FORMATS["GEMINI"], tmp_path)

    handoff = await handed_over(server, str(gemini_records.HEADER["sessionId"]), "PI")

    [written] = handoff["files"]
    assert "Sell no coffee." in written["content"]
    # It can be read in its place.
    assert "Mint tea 2" not in written["content"]
    assert [loss["count"] for loss in handoff["losses"] if loss["code"] == "INJECTED_TEXT"] == [2]
