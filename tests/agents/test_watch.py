"""`reprise serve --watch` beside programs that write a session: what its API shows meanwhile and afterwards."""

import asyncio
import contextlib
import json
import shutil
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.agents.conftest import Prepare
from tests.agents.model_server.script import Hold, Thinking, reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.claude_code import ClaudeCode
from tests.agents.programs.codex import Codex
from tests.agents.programs.gemini_cli import GeminiCli
from tests.agents.programs.opencode import OpenCode
from tests.agents.programs.pi import Pi
from tests.agents.programs.program import Program
from tests.agents.programs.qwen_code import QwenCode
from tests.agents.recording import (
    ANSWER,
    FOREWORD,
    PRICES,
    PROMPT,
    SECOND_ANSWER,
    SECOND_PROMPT,
)
from tests.support.changes import CHANGES, Change
from tests.support.client import Client
from tests.support.process import program as serving

TITLE = "Price of tea"
# Seconds to wait until the server shows what was written: on a busy machine the start of a program alone takes long.
PATIENCE = 120
_HOMES = (
    *("CLAUDE_CONFIG_DIR", "CODEX_HOME", "CODEWHALE_HOME", "XDG_DATA_HOME", "GEMINI_CLI_HOME", "OPENCODE_DB"),
    *("QWEN_HOME", "QWEN_RUNTIME_DIR", "PI_CODING_AGENT_DIR", "PI_CODING_AGENT_SESSION_DIR"),
)
_LIST = """{ sessions(first: 10) { nodes { id source title workspace firstPrompt messageCount } changeSeq } }"""
_SESSION = """query ($id: ID!) {
  session(id: $id) {
    id
    title
    document
    messages(first: 100) {
      nodes {
        role
        isInjected
        content {
          __typename
          ... on TextBlock { text }
          ... on ToolUseBlock { toolUseId input result { text isError } }
        }
      }
    }
  }
}"""
_SEARCH = "query ($words: String!) { search(query: $words) { nodes { session { id } } } }"


@dataclass
class Watched:
    """A server that watches the home of a program, and what it sent to a subscriber."""

    client: Client
    sent: list[Change] = field(default_factory=list)
    following: "asyncio.Task[None] | None" = None

    async def listed(self) -> dict[str, Any] | None:
        """The session in the list, None as long as there is none."""
        nodes = (await self.client.data(_LIST))["sessions"]["nodes"]
        assert len(nodes) <= 1, nodes
        return nodes[0] if nodes else None

    async def changes(self) -> list[Change]:
        """What was sent by now. Raises what ended the subscription."""
        if self.following is not None and self.following.done():
            self.following.result()
        return list(self.sent)

    async def session(self, session_id: str) -> dict[str, Any]:
        """The session with its document and messages."""
        found: dict[str, Any] = (await self.client.data(_SESSION, id=session_id))["session"]
        return found

    async def said(self, session_id: str) -> list[str]:
        """What the person and the model said, in order."""
        return [
            block["text"]
            for message in (await self.session(session_id))["messages"]["nodes"]
            for block in message["content"]
            if block["__typename"] == "TextBlock" and not message["isInjected"]
        ]

    async def calls(self, session_id: str) -> list[tuple[str, str | None]]:
        """The arguments of the tool calls, each with the text of its result if there is one."""
        return [
            (json.dumps(block["input"]), block["result"] and block["result"]["text"])
            for message in (await self.session(session_id))["messages"]["nodes"]
            for block in message["content"]
            if block["__typename"] == "ToolUseBlock"
        ]

    async def hits(self, query: str) -> set[str]:
        """The sessions that a search finds."""
        nodes = (await self.client.data(_SEARCH, words=query))["search"]["nodes"]
        return {node["session"]["id"] for node in nodes}


@contextlib.asynccontextmanager
async def watching(database_url: str) -> AsyncIterator[Watched]:
    """A server that watches the homes of all agents, with a subscriber."""
    async with serving(database_url, "--watch", seed=False) as server:
        watched = Watched(server.client)
        page = (await server.client.data(_LIST))["sessions"]
        assert page["nodes"] == []
        payloads = server.client.subscribe(CHANGES, {"since": page["changeSeq"]}, patience=PATIENCE)
        async with contextlib.aclosing(payloads):

            async def follow() -> None:
                async for payload in payloads:
                    watched.sent.append(payload["data"]["sessionChanges"])

            watched.following = asyncio.create_task(follow())
            try:
                yield watched
            finally:
                watched.following.cancel()
                await asyncio.gather(watched.following, return_exceptions=True)


async def until(read: Callable[[], Awaitable[Any]], holds: Callable[[Any], bool]) -> Any:
    """Read until a condition holds; what was read then."""
    end = time.monotonic() + PATIENCE
    # What is waited for happens in another process.
    while not holds(found := await read()):
        assert time.monotonic() < end, found
        await asyncio.sleep(0.02)
    return found


def forget_homes(monkeypatch: pytest.MonkeyPatch, program: Program) -> None:
    """Let servers watch the program's home, and no agent's home of the person who runs the tests."""
    for name in _HOMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(program.home))


def documents(program: Program, session_id: str) -> list[Any]:
    """The session as its files have it; of a database, in the form of the program's own export.

    Gemini CLI begins another file when it continues in another minute.
    """
    if isinstance(program, OpenCode):
        run = program.command("export", session_id, cwd=program.home)
        assert run.status == 0, run.errors
        return [json.loads(run.output)]
    return [file.read_text(encoding="utf-8") for file in program.files()]


def same(program: Program, given: str, expected: list[Any]) -> bool:
    """Whether a session's document is as its file has it."""
    return (json.loads(given) if isinstance(program, OpenCode) else given) in expected


def forget(program: Program) -> None:
    """Remove what the program wrote, as agents do after a month."""
    for file in program.files():
        if isinstance(program, OpenCode):
            shutil.rmtree(file.parent)
        else:
            file.unlink()


@pytest.mark.parametrize(
    "kind", [ClaudeCode, Codex, GeminiCli, OpenCode, QwenCode, Pi], ids=lambda kind: str(kind.name)
)
async def test_a_session_is_shown_as_its_program_writes_it_and_stays_when_its_files_are_gone(
    kind: type[Program],
    prepare: Prepare,
    models: ModelServer,
    cwd: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = prepare(kind)
    forget_homes(monkeypatch, program)
    quote = '"' if kind is OpenCode else ""
    async with watching(database_url) as watched:
        # The program waits for the model's answer, and then in the middle of it.
        answer, rest = threading.Event(), threading.Event()
        calls = program.shell("cat prices.txt"), program.shell("cat nothing.txt")
        models.play(reply(Thinking("Look at the list first"), FOREWORD, *calls))
        models.play(reply(Hold(answer), ANSWER, Hold(rest)))
        with program.start(program.arguments(PROMPT, None), cwd) as running:
            try:
                await asyncio.to_thread(models.wait_for, 2)
                listed = await until(watched.listed, lambda session: session is not None)
                session_id = listed["id"]
                [first, second] = await until(
                    lambda: watched.calls(session_id),
                    lambda found: len(found) == 2 and all(result for _, result in found),
                )
                assert ("cat prices.txt" in first[0], PRICES in first[1]) == (True, True)
                assert ("cat nothing.txt" in second[0], "nothing.txt" in second[1]) == (True, True)
                assert await watched.said(session_id) == [f"{quote}{PROMPT}{quote}", FOREWORD]
                assert await until(lambda: watched.hits(f'"{PRICES}"'), bool) == {session_id}
                [created, *_] = await until(watched.changes, bool)
                assert (created["kind"], created["sessionId"]) == ("CREATED", session_id)
                answer.set()
                await asyncio.sleep(0.5)
                assert (await watched.said(session_id))[:2] == [f"{quote}{PROMPT}{quote}", FOREWORD]
            finally:
                answer.set()
                rest.set()
            run = await asyncio.to_thread(running.ended)
        assert run.status == 0, run.errors

        said = [f"{quote}{PROMPT}{quote}", FOREWORD, ANSWER]
        await until(lambda: watched.said(session_id), lambda found: found == said)
        [file] = program.files()
        assert session_id == program.session_id(file)
        expected = documents(program, session_id)
        await until(lambda: watched.session(session_id), lambda session: same(program, session["document"], expected))
        listed = await watched.listed()
        assert listed is not None
        assert (listed["workspace"], listed["firstPrompt"]) == (str(cwd), said[0])
        assert await watched.hits("costs") == {session_id}

        models.play(reply(SECOND_ANSWER))
        seen = len(watched.sent)
        await asyncio.to_thread(program.run, SECOND_PROMPT, cwd, session_id)
        said += [f"{quote}{SECOND_PROMPT}{quote}", SECOND_ANSWER]
        await until(lambda: watched.said(session_id), lambda found: found == said)
        expected = documents(program, session_id)
        session = await until(
            lambda: watched.session(session_id), lambda session: same(program, session["document"], expected)
        )
        assert len(await watched.calls(session_id)) == 2
        later = await until(watched.changes, lambda sent: len(sent) > seen)
        assert {(one["kind"], one["sessionId"]) for one in later[seen:]} == {("UPDATED", session_id)}

        if kind is ClaudeCode:
            said += await renamed(program, models, cwd, watched, session_id)
            session = await watched.session(session_id)

        forget(program)
        await asyncio.sleep(2)
        assert await watched.session(session_id) == session
        assert await watched.said(session_id) == said
        assert await watched.hits(f'"{PRICES}"') == {session_id}
        assert [one["kind"] for one in watched.sent if one["kind"] != "UPDATED"] == ["CREATED"]
        seqs = [int(one["seq"]) for one in watched.sent]
        assert seqs == sorted(set(seqs))


async def renamed(program: Program, models: ModelServer, cwd: Path, watched: Watched, session_id: str) -> list[str]:
    """Give the session a name in Claude Code, which takes one with a prompt; what was said with it."""
    prompt, answer = "And green tea?", "Nor green tea."
    models.play(reply(answer))
    with program.start(["--name", TITLE, *program.arguments(prompt, session_id)], cwd) as running:
        run = await asyncio.to_thread(running.ended)
    assert run.status == 0, run.errors
    expected = documents(program, session_id)
    await until(
        lambda: watched.session(session_id),
        lambda session: session["title"] == TITLE and session["document"] in expected,
    )
    listed = await watched.listed()
    assert listed is not None
    assert listed["title"] == TITLE
    assert await watched.hits(f'"{TITLE}"') == {session_id}
    await until(watched.changes, lambda sent: sent[-1]["session"]["title"] == TITLE)
    return [prompt, answer]
