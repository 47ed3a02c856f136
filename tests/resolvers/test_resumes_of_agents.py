"""Sessions of all agents whose transcripts can be imported resume, each tool call with its answer."""

import contextlib
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from storage.documents.formats.registry import FORMATS
from tests.conftest import Serve
from tests.support.archived import take
from tests.support.client import Client
from tests.support.resumes import follow, resumed, turns

FIXTURES = Path(__file__).parents[1] / "storage" / "documents" / "formats"
HOMES = {
    "CLAUDE_CODE": ["claude_code"],
    "CODEX": ["codex/home", "codex/branched_home", "codex/migrated_home", "codex/agents_home"],
    "GEMINI": ["gemini/home"],
    "OPENCODE": ["opencode"],
    "QWEN_CODE": ["qwen/home"],
    "PI": ["pi/home"],
}
_SESSIONS = """{
  sessions(first: 100, filter: { archived: ANY, kinds: [MAIN, FORK, SUBAGENT] }) { nodes { id source messageCount } }
}"""
_CALLS = """query ($id: ID!) {
  session(id: $id) {
    messages(first: 500) {
      nodes { content { ... on ToolUseBlock { toolUseId name result { text } } } }
    }
  }
}"""


def home(fixture: str, folder: Path) -> Path:
    """A copy of the fixture; of OpenCode, the database that its statements make."""
    copy = folder / "home"
    shutil.copytree(FIXTURES / fixture, copy)
    for statements in copy.glob("*.sql"):
        with contextlib.closing(sqlite3.connect(statements.with_suffix(".db"))) as database:
            database.executescript(statements.read_text(encoding="utf-8"))
    return copy


async def answers(client: Client, session_id: str) -> dict[str, str | None]:
    """The answers of a session's tool calls by the calls' ids."""
    found = (await client.data(_CALLS, id=session_id))["session"]["messages"]["nodes"]
    blocks = [block for message in found for block in message["content"] if "toolUseId" in block]
    return {block["toolUseId"]: block["result"] and block["result"]["text"] for block in blocks}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "fixture"), [(source, fixture) for source in FORMATS for fixture in HOMES[source]], ids=lambda id: id
)
async def test_every_session_resumes_with_the_answers_of_its_calls(
    serve: Serve, tmp_path: Path, source: str, fixture: str
) -> None:
    server = await serve()
    await take(server.app.state.database, FORMATS[source], home(fixture, tmp_path))
    sessions = (await server.client.data(_SESSIONS))["sessions"]["nodes"]
    assert {session["source"] for session in sessions} == {source}

    call_count = 0
    for session in sessions:
        task = await resumed(server.client, session["id"])
        states = [state["state"] for state in await follow(server.client, task["threadId"])]
        assert states[-1] == "READY"
        items: list[dict[str, Any]] = [
            item for turn in await turns(server.client, task["threadId"]) for item in turn["items"]["nodes"]
        ]
        given = await answers(server.client, session["id"])
        calls = [item for item in items if item["__typename"] == "ToolCallItem"]
        call_count += len(calls)
        for call in calls:
            # Without an answer in the transcript the call was interrupted.
            answer = given[call["toolUseId"]]
            assert (call["status"] != "IN_PROGRESS", call["output"]) == (True, answer), (session["id"], call)
        assert items or session["messageCount"] == 0
    # In the migrated session no tool was called.
    assert (call_count > 0) == (fixture != "codex/migrated_home")
