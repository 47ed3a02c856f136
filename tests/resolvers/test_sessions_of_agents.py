"""Sessions imported from the transcripts of each agent, as a front end sees them."""

import shutil
import sqlite3
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
    with sqlite3.connect(folder / "opencode" / "opencode.db") as opencode:
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
