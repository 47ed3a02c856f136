"""Transcripts that another program than their agent has written again, such as one that moves projects."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.database.database import Database
from storage.documents.formats.registry import FORMATS
from tests.support.archived import archived_bytes, take
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
      id title firstPrompt createdAt kind parent { id } agentVersion gitBranch workspace metadata
      usage { inputTokens cacheReadTokens cacheWriteTokens outputTokens reasoningTokens } recordedCost
      messages(first: 60) { nodes { role createdAt isInjected rawContent usage { totalTokens } } }
    }
  }
}"""
FACTS = ("title", "firstPrompt", "createdAt", "kind", "parent", "agentVersion", "gitBranch", "workspace")
FORK = "0a1b2c3d-0000-4000-8000-000000000002"
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


def rename_folders(home: Path, name: str) -> None:
    for folder in home.glob("*/*-home-dev-shop*"):
        folder.rename(folder.with_name(folder.name.replace("-home-dev-shop", name)))


async def rewritten(
    server: Served, database_url: str, home: Path, source: str, rewrite: Callable[[bytes], bytes], moved_to: str = ""
) -> tuple[Sessions, Sessions]:
    """The sessions of a home before and after each of its transcripts was written again, and its folder renamed."""
    [format] = [one for one in FORMATS.values() if one.source == source]
    async with Database(database_url) as database:
        await take(database, format, home)
        before = await sessions_of(server)
        rewrite_all(home, rewrite)
        if moved_to:
            rename_folders(home, moved_to)
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
        lambda data: data.replace(b"/home/dev/shop", b"/srv/shop").replace(b"-home-dev-shop", b"-srv-shop"),
        moved_to="-srv-shop",
    )
    for id, session in after.items():
        assert session["workspace"] == before[id]["workspace"].replace("/home/dev/shop", "/srv/shop"), id
        assert (session["usage"], session["recordedCost"]) == (before[id]["usage"], before[id]["recordedCost"]), id
        # Where a text names the directory, the original is shown, too.
        shown, expected = (
            [one for one in said(given) if not re.search("(?:home.dev|srv).shop", one[2])]
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


def left(session: dict[str, Any]) -> list[str]:
    """What was said on abandoned branches, by the places that the metadata names."""
    nodes = session["messages"]["nodes"]
    places = [
        place
        for branch in session["metadata"]["branches"]
        for place in branch.get("messages") or range(branch["first"], branch["last"] + 1)
    ]
    return [json.dumps(nodes[place]["rawContent"]) for place in places]


async def test_branches_are_named_by_the_places_of_messages_after_others_were_added(
    server: Served, database_url: str, tmp_path: Path
) -> None:
    home = copied("codex/branched_home", tmp_path)
    # Of one length, since other files name places in this one.
    words = b"Done: Open the shop.", b"Done: Open the shed."
    before, after = await rewritten(server, database_url, home, "CODEX", lambda data: data.replace(*words))
    id = "01a2222c-0436-7880-9d88-be818f10e365"
    assert len(said(after[id])) == len(said(before[id])) + 1
    assert "Lock the door." in str(left(before[id]))
    assert left(after[id]) == left(before[id])


def line_of(number: int, parent: int | None, **more: Any) -> dict[str, Any]:
    """A line of Claude Code in the session that is FORK."""
    line = {"uuid": f"u{number}", "parentUuid": None if parent is None else f"u{parent}", "sessionId": FORK}
    time = f"2026-11-28T06:14:3{number}.000Z"
    return line | {"timestamp": time, "isSidechain": False, "cwd": "/home/dev/shop"} | more


def prompt_of(number: int, parent: int | None, text: str, **more: Any) -> dict[str, Any]:
    return line_of(number, parent, type="user", message={"role": "user", "content": text}, **more)


def answer_of(number: int, parent: int, text: str, **more: Any) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "id": f"msg_{number}", "content": [{"type": "text", "text": text}]}
    message |= {"model": "claude-opus-5-5", "usage": {"input_tokens": 10, "output_tokens": 5}}
    return line_of(number, parent, type="assistant", message=message, **more)


def bytes_of(lines: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def home_of(tmp_path: Path, lines: list[dict[str, Any]]) -> Path:
    file = tmp_path / "projects" / "-home-dev-shop" / f"{FORK}.jsonl"
    file.parent.mkdir(parents=True)
    file.write_bytes(bytes_of(lines))
    return tmp_path


async def test_branches_of_claude_code_are_named_by_their_new_places(
    server: Served, database_url: str, tmp_path: Path
) -> None:
    lines = [prompt_of(0, None, "Which van is free?"), answer_of(1, 0, "Van two."), prompt_of(2, 1, "At noon.")]
    lines += [answer_of(3, 2, "Sent."), prompt_of(4, 1, "At eight."), answer_of(5, 4, "Sent at eight.")]
    before, after = await rewritten(
        server,
        database_url,
        home_of(tmp_path, lines),
        "CLAUDE_CODE",
        lambda data: data.replace(b"Van two.", b"[REDACTED]"),
    )
    assert len(said(after[FORK])) == 7
    assert [text for text in ("At noon.", "At eight.") if text in str(left(after[FORK]))] == ["At noon."]
    assert left(after[FORK]) == left(before[FORK])


async def test_a_session_whose_beginning_was_cut_off_keeps_its_name_and_its_origin(
    server: Served, database_url: str, tmp_path: Path
) -> None:
    # The first turn was copied from another session, and alone tells the version and the branch.
    told = {"version": "2.1.332", "gitBranch": "vans", "requestSessionId": "0a1b2c3d-0000-4000-8000-000000000001"}
    lines = [prompt_of(0, None, "Which van is free?", **told), answer_of(1, 0, "Van two.", **told)]
    lines += [
        prompt_of(2, 1, "At noon."),
        answer_of(3, 2, "Sent."),
        prompt_of(4, 3, "Thanks."),
        answer_of(5, 4, "Bye."),
    ]

    # As when the program goes on in a transcript that was trimmed.
    before, after = await rewritten(
        server, database_url, home_of(tmp_path, lines[:4]), "CLAUDE_CODE", lambda _: bytes_of(lines[2:])
    )

    assert before[FORK]["title"] == "Which van is free?"
    assert before[FORK]["kind"] == "FORK"
    assert {name: after[FORK][name] for name in FACTS} == {name: before[FORK][name] for name in FACTS}
    assert said(after[FORK])[:4] == said(before[FORK])
    assert len(said(after[FORK])) == 6


async def test_an_earlier_state_of_a_session_without_times_is_not_kept_for_the_time_of_its_file(
    server: Served, database_url: str, tmp_path: Path
) -> None:
    lines = [prompt_of(0, None, "Which van is free?"), answer_of(1, 0, "Van two.")]
    home = home_of(tmp_path, [{name: value for name, value in line.items() if name != "timestamp"} for line in lines])
    await rewritten(server, database_url, home, "CLAUDE_CODE", lambda data: b"\n" + data)
    async with Database(database_url) as database:
        assert [generation for _, generation in await archived_bytes(database)] == [1]


async def test_nothing_that_was_redacted_is_left_of_a_session_that_was_deleted_and_imported_again(
    server: Served, database_url: str, tmp_path: Path
) -> None:
    lines = [prompt_of(0, None, "The token is plum-7."), answer_of(1, 0, "Noted: plum-7.")]
    home, format = home_of(tmp_path, lines), FORMATS["CLAUDE_CODE"]
    _, redacted = await rewritten(
        server, database_url, home, "CLAUDE_CODE", lambda data: data.replace(b"plum-7", b"[REDACTED]")
    )
    assert "plum-7" in str(redacted)

    deletion = "mutation ($id: ID!) { deleteSession(input: {sessionId: $id}) { userErrors { code } } }"
    assert (await server.client.data(deletion, id=FORK))["deleteSession"]["userErrors"] == []
    async with Database(database_url) as database:
        assert list((await take(database, format, home, include_deleted=True)).values()) == ["CREATED"]
        assert b"plum-7" not in b"".join((await archived_bytes(database)).values())
    assert "plum-7" not in str(await sessions_of(server))
    assert len(said((await sessions_of(server))[FORK])) == 2
