"""Transcripts that another program than their agent has written again, such as one that moves projects."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.database.database import Database
from storage.documents.formats.registry import FORMATS
from tests.support.archived import take
from tests.support.server import Served

FIXTURES = Path(__file__).parents[1] / "storage" / "documents" / "formats"
HOMES = {
    "claude_code": ("CLAUDE_CODE", "claude_code"),
    "codex": ("CODEX", "codex/home"),
    "codex branched": ("CODEX", "codex/branched_home"),
    "codex agents": ("CODEX", "codex/agents_home"),
    "qwen": ("QWEN_CODE", "qwen/home"),
    "pi": ("PI", "pi/home"),
}
SESSIONS = """{
  sessions(first: 20, filter: {kinds: [MAIN, FORK, SUBAGENT]}) {
    nodes {
      id usage { inputTokens cacheReadTokens cacheWriteTokens outputTokens reasoningTokens } recordedCost
      messages(first: 60) { nodes { role createdAt isInjected rawContent usage { totalTokens } } }
    }
  }
}"""
Sessions = dict[str, dict[str, Any]]


async def sessions_of(server: Served) -> Sessions:
    listed = await server.client.data(SESSIONS)
    return {one["id"]: one for one in listed["sessions"]["nodes"]}


def said(session: dict[str, Any]) -> list[tuple[str, str, str]]:
    nodes = session["messages"]["nodes"]
    return [(one["role"], one["createdAt"], json.dumps(one["rawContent"])) for one in nodes if not one["isInjected"]]


def rewrite_all(home: Path, rewrite: Callable[[bytes], bytes]) -> None:
    for path in home.rglob("*.jsonl"):
        path.write_bytes(rewrite(path.read_bytes()))


async def rewritten(
    server: Served, database_url: str, home: Path, source: str, rewrite: Callable[[bytes], bytes]
) -> tuple[Sessions, Sessions]:
    """The sessions of a home before and after each of its transcripts was written again."""
    [format] = [one for one in FORMATS.values() if one.source == source]
    async with Database(database_url) as database:
        await take(database, format, home)
        before = await sessions_of(server)
        rewrite_all(home, rewrite)
        assert None not in (await take(database, format, home)).values()
        after = await sessions_of(server)
        # What was taken once is not taken again.
        assert await take(database, format, home) == {}
    assert before.keys() == after.keys()
    return before, after


def copied(folder: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(FIXTURES / folder, tmp_path / "home"))


@pytest.mark.parametrize("home", HOMES)
async def test_a_project_that_was_moved_is_shown_and_counted_once(
    server: Served, database_url: str, tmp_path: Path, home: str
) -> None:
    source, folder = HOMES[home]
    before, after = await rewritten(
        server,
        database_url,
        copied(folder, tmp_path),
        source,
        lambda data: data.replace(b"/home/dev/shop", b"/srv/shop"),
    )
    for id, session in after.items():
        assert (session["usage"], session["recordedCost"]) == (before[id]["usage"], before[id]["recordedCost"]), id
        # Where a text names the directory, the original is shown, too.
        shown, expected = (
            [one for one in said(given) if "/home/dev/shop" not in one[2] and "/srv/shop" not in one[2]]
            for given in (session, before[id])
        )
        assert shown == expected


def without_counts(data: bytes) -> bytes:
    """A rollout as a program may write it from the messages alone: with ids of its own, and without tokens."""
    lines = []
    for number, line in enumerate(map(json.loads, data.splitlines())):
        if line.get("payload", {}).get("type") != "token_count" and line.get("type") != "token_usage_record":
            if line.get("type") == "response_item":
                line["payload"]["id"] = f"other_{number}"
            lines.append(json.dumps(line).encode() + b"\n")
    return b"".join(lines)


async def test_a_copy_that_says_the_same_in_other_lines_adds_nothing(
    server: Served, database_url: str, tmp_path: Path
) -> None:
    before, after = await rewritten(server, database_url, copied("codex/home", tmp_path), "CODEX", without_counts)
    assert after == before


async def test_an_output_that_was_cut_stays_readable_and_its_tokens_count_once(
    server: Served, database_url: str, tmp_path: Path
) -> None:
    before, after = await rewritten(
        server,
        database_url,
        copied("codex/home", tmp_path),
        "CODEX",
        lambda data: data.replace(b"Oil: 4, salt: 9.", b"Oil: 4..."),
    )
    texts = ("Oil: 4, salt: 9.", "Oil: 4...")
    [id] = [id for id, session in before.items() if any(texts[0] in one[2] for one in said(session))]
    nodes = after[id]["messages"]["nodes"]
    answers = [(text, one["usage"] is None) for one in nodes for text in texts if text in json.dumps(one["rawContent"])]
    assert answers == [(texts[0], True), (texts[1], False)]
    assert after[id]["usage"] == before[id]["usage"]
