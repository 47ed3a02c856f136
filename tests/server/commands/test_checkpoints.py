"""Checkpoints of Gemini CLI: they are imported as sessions, saved again under their name, and given back."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.server.commands.test_handoff import reprise
from tests.support.server import Served

_SESSIONS = """{ sessions(first: 10) { nodes {
  id source title firstPrompt workspace document
  messages(first: 10) { nodes { role text } }
} } }"""


@pytest.fixture
def home(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REPRISE_DATABASE_URL", database_url)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / ".gemini"


def save(home: Path, tag: str, *texts: str) -> Path:
    """Write a checkpoint as the program does."""
    project = home / "tmp" / "shop"
    project.mkdir(parents=True, exist_ok=True)
    (project / ".project_root").write_text("/home/dev/shop")
    history = [{"role": ("user", "model")[place % 2], "parts": [{"text": text}]} for place, text in enumerate(texts)]
    file = project / f"checkpoint-{tag}.json"
    file.write_text(json.dumps({"history": history, "authType": "gemini-api-key"}, indent=2))
    return file


async def sessions(server: Served) -> dict[str, dict[str, Any]]:
    """The sessions by their titles."""
    nodes = (await server.client.data(_SESSIONS))["sessions"]["nodes"]
    return {node["title"]: node for node in nodes}


async def run(*arguments: object) -> str:
    result = await asyncio.to_thread(reprise, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.slow
async def test_a_checkpoint_is_imported_saved_again_and_given_back(home: Path, server: Served) -> None:
    save(home, "mint%20tea", "What does mint tea cost?", "It costs 2.")
    save(home, "black", "What does black tea cost?", "It costs 3.")
    await run("import", "--all")

    found = await sessions(server)
    assert found.keys() == {"mint tea", "black"}
    mint = found["mint tea"]
    assert (mint["source"], mint["workspace"]) == ("GEMINI", "/home/dev/shop")
    assert mint["firstPrompt"] == "What does mint tea cost?"
    assert [message["text"] for message in mint["messages"]["nodes"]] == ["What does mint tea cost?", "It costs 2."]

    file = save(home, "mint%20tea", "What does mint tea cost?", "It costs 2.", "And a cup?", "It costs 1.")
    await run("import", file)
    again = (await sessions(server))["mint tea"]
    assert again["id"] == mint["id"]
    assert [message["text"] for message in again["messages"]["nodes"]][2:] == ["And a cup?", "It costs 1."]

    written = file.read_bytes()
    shutil.rmtree(home)
    output = await run("restore", mint["id"])
    assert output.splitlines()[-1] == "$ gemini --prompt-interactive '/chat resume mint tea'"
    assert file.read_bytes() == written
