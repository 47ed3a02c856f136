"""Sessions imported from the transcripts of each agent, as a front end sees them."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from storage.database.database import Database
from storage.documents.formats.registry import FORMATS
from tests.support.archived import take
from tests.support.server import Served

FIXTURES = Path(__file__).parents[1] / "storage" / "documents" / "formats"


def homes(folder: Path) -> dict[str, Path]:
    """A home with sessions of each agent."""
    shutil.copytree(FIXTURES / "claude_code" / "projects", folder / "claude" / "projects")
    (folder / "opencode").mkdir()
    with closing(sqlite3.connect(folder / "opencode" / "opencode.db")) as opencode:
        opencode.executescript((FIXTURES / "opencode" / "opencode.sql").read_text())
    return {
        "CLAUDE_CODE": folder / "claude",
        "CODEX": FIXTURES / "codex" / "home",
        "GEMINI": FIXTURES / "gemini" / "home",
        "OPENCODE": folder / "opencode",
        "QWEN_CODE": FIXTURES / "qwen" / "home",
        "PI": FIXTURES / "pi" / "home",
    }


@pytest.fixture
async def server_of_agents(server: Served, database_url: str, tmp_path: Path) -> Served:
    """A server with sessions of all agents."""
    async with Database(database_url) as database:
        by_source = {format.source: format for format in FORMATS.values()}
        for source, home in homes(tmp_path).items():
            assert set((await take(database, by_source[source], home)).values()) == {"CREATED"}
    return server


async def test_sessions_of_every_agent_are_listed_and_filtered_by_its_source(server_of_agents: Served) -> None:
    query = """query ($filter: SessionFilter) {
      sessions(first: 100, filter: $filter) { totalCount nodes { id source } }
      agents { source canImport triedVersion }
    }"""

    async def listed(filter: dict[str, Any] | None) -> list[str]:
        found = (await server_of_agents.client.data(query, filter=filter))["sessions"]
        assert found["totalCount"] == len(found["nodes"]) > 0
        return [node["source"] for node in found["nodes"]]

    assert set(await listed(None)) == set(FORMATS)
    for source in FORMATS:
        assert set(await listed({"sources": [source]})) == {source}
    agents = (await server_of_agents.client.data(query))["agents"]
    assert {one["source"] for one in agents if one["triedVersion"] is not None} == set(FORMATS)
    assert all(one["canImport"] for one in agents)


IMPORT = """
mutation ($input: ImportSessionInput!) {
  importSession(input: $input) { outcome session { id source } userErrors { code message path } }
}
"""
DOCUMENT = "query ($id: ID!) { session(id: $id) { id document } }"


def transcripts(folder: Path) -> dict[str, str]:
    """A whole transcript of each agent that writes lines."""
    names = {
        "CLAUDE_CODE": "bf003848*.jsonl",
        "CODEX": "rollout-*fc8c.jsonl",
        "GEMINI": "session-*7aecce86.jsonl",
        "QWEN_CODE": "*.jsonl",
        "PI": "*.jsonl",
    }
    found = homes(folder)
    return {source: next(iter(sorted(found[source].rglob(name)))).read_text() for source, name in names.items()}


async def test_the_document_of_a_session_is_the_text_of_its_file(server_of_agents: Served, tmp_path: Path) -> None:
    listed = await server_of_agents.client.data("{ sessions(first: 100) { nodes { document } } }")
    documents = [node["document"] for node in listed["sessions"]["nodes"]]
    for source, text in transcripts(tmp_path / "again").items():
        assert text in documents, source


@pytest.mark.slow
@pytest.mark.parametrize("source", ["CLAUDE_CODE", "CODEX", "GEMINI", "QWEN_CODE", "PI"])
@pytest.mark.parametrize("form", ["text", "text with its source", "list of lines"])
async def test_a_transcript_is_imported_as_text_or_lines(
    server: Served, tmp_path: Path, source: str, form: str
) -> None:
    text = transcripts(tmp_path)[source]
    given: dict[str, Any] = {"text": text}
    if form == "list of lines":
        given = {"document": [json.loads(line) for line in text.splitlines()]}
    elif form == "text with its source":
        given["source"] = source
    outcomes = []
    for _ in range(2):
        payload = (await server.client.data(IMPORT, input=given))["importSession"]
        assert payload["userErrors"] == []
        assert payload["session"]["source"] == source
        outcomes.append(payload["outcome"])
    assert outcomes == ["CREATED", "UNCHANGED"]
    found = (await server.client.data(DOCUMENT, id=payload["session"]["id"]))["session"]["document"]
    if form == "list of lines":
        assert [json.loads(line) for line in found.splitlines()] == given["document"]
    else:
        assert found == text


@pytest.mark.slow
@pytest.mark.parametrize("source", ["CLAUDE_CODE", "CODEX", "GEMINI", "QWEN_CODE", "PI"])
async def test_a_text_without_a_last_line_end_loses_no_line(server: Served, tmp_path: Path, source: str) -> None:
    text = transcripts(tmp_path)[source]
    query = """mutation ($input: ImportSessionInput!) {
      importSession(input: $input) { outcome session { messageCount } userErrors { message } }
    }"""
    short = (await server.client.data(query, input={"text": text.rstrip("\n")}))["importSession"]
    whole = (await server.client.data(query, input={"text": text}))["importSession"]
    assert short["userErrors"] == whole["userErrors"] == []
    assert (short["outcome"], short["session"]) == ("CREATED", whole["session"])


async def test_the_text_of_a_subagent_leaves_its_parent_alone(server_of_agents: Served) -> None:
    parent = FIXTURES / "claude_code" / "projects" / "-home-dev-shop" / "cd1f8e7a-ade0-4067-9b9b-42658dcd3bdf"
    [subagent] = (parent / "subagents").glob("*.jsonl")
    text = subagent.read_text()
    payload = (await server_of_agents.client.data(IMPORT, input={"text": text}))["importSession"]
    assert (payload["outcome"], payload["userErrors"]) == ("UNCHANGED", [])
    assert payload["session"]["id"] == f"{parent.name}-{subagent.stem}"
    whole = parent.with_suffix(".jsonl").read_text()
    found = await server_of_agents.client.data(DOCUMENT, id=parent.name)
    assert found["session"]["document"] == whole


async def test_the_metadata_of_a_session_are_what_its_agent_recorded(server_of_agents: Served) -> None:
    query = "query ($id: ID!) { session(id: $id) { metadata } }"
    for id, key in (("0ee3a9cb", "compactions"), ("01a220d4-9128", "history_base"), ("ses_ddf2cd0a", "slug")):
        metadata = (await server_of_agents.client.data(query, id=id))["session"]["metadata"]
        assert metadata[key]
        assert not metadata.keys() & {"metadata", "title", "archived"}
