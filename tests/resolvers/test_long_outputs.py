"""Long outputs of tools that agents keep in files of their own, until they delete them."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from storage.database.database import Database
from storage.documents.formats.registry import FORMATS
from tests.support import claude_code as claude
from tests.support.archived import take
from tests.support.qwen_lines import NAME, SESSION_ID, Lines, call, response, text
from tests.support.server import Served

FIXTURES = Path(__file__).parents[1] / "storage" / "documents" / "formats"
OPENCODE_SESSION = "ses_ddf2cd0aaffeJh9chseJaTFwHs"
GEMINI_SESSION = "c600033b-ee15-456f-8eb1-1b06e3b3d732"
HASH = "efbc74e1160bc8a3a5895cda19559ae1b30b3f385bdd636a24599ba502184e4d"
OUTPUT = "".join(f"line {number}\n" for number in range(5_000)).replace("line 2500\n", "line with quokkas\n")
NOTES = "\n\n<shell_metadata>\nshell tool terminated command after exceeding timeout 1000 ms.\n</shell_metadata>"
RESULTS = """query ($id: ID!) {
  session(id: $id) { messages(first: 100) { nodes { content { ... on ToolResultBlock { text } } } } }
}"""
FOUND = '{ search(query: "quokkas", first: 10) { nodes { session { id } message { position } } } }'


HANDOFF = """query ($id: ID!) {
  session(id: $id) { handoff(to: CODEX, workspace: "/home/dev/shop") { files { content } } }
}"""


class Agent(NamedTuple):
    """An agent with one session that has a long output: where that is, and how the session grows."""

    source: str
    session_id: str
    home: Path
    output: Path
    whole: str
    grow: Callable[[], None]


def opencode(tmp_path: Path) -> Agent:
    home = tmp_path / "opencode"
    output = home / "tool-output" / "tool_22cd32043001Uwwk6nEAdMCVXQ"
    output.parent.mkdir(parents=True)
    output.write_text(OUTPUT)
    # The path of the machine that wrote it.
    path = f"/home/dev/.local/share/opencode/tool-output/{output.name}"
    shown = f"...output truncated...\n\nFull output saved to: {path}\n\nline 4999\n{NOTES}"

    def execute(statement: str, *values: str) -> None:
        with closing(sqlite3.connect(home / "opencode.db")) as database, database:
            assert database.execute(statement, values).rowcount == 1

    with closing(sqlite3.connect(home / "opencode.db")) as database:
        database.executescript((FIXTURES / "opencode" / "opencode.sql").read_text())
    execute(
        "UPDATE part SET data = json_set(data, '$.state.output', ?, '$.state.metadata.outputPath', ?) "
        "WHERE data->>'tool' = 'bash' AND session_id = ?",
        *(shown, path, OPENCODE_SESSION),
    )

    def grow() -> None:
        execute("UPDATE session SET title = 'Tea', time_updated = time_updated + 1 WHERE id = ?", OPENCODE_SESSION)

    return Agent("OPENCODE", OPENCODE_SESSION, home, output, OUTPUT + NOTES, grow)


def qwen(tmp_path: Path) -> Agent:
    home = tmp_path / "qwen"
    output = home / "tmp" / HASH / "run_shell_command_2de6dfc4bd74.output"
    output.parent.mkdir(parents=True)
    output.write_text(OUTPUT)
    shown = (
        "Tool output was too large and has been truncated.\nThe full output has been saved to: "
        f"/home/dev/.qwen/tmp/{HASH}/{output.name}\n\nTruncated part of the output:\nline 0\nline 4999\n"
    )
    lines = Lines().add("user", "u1", [text("List them")]).add("assistant", "a1", [call("c1")])
    lines.add("tool_result", "t1", [response("c1", shown)])
    (home / NAME).parent.mkdir(parents=True)
    (home / NAME).write_bytes(lines.transcript().data)

    def grow() -> None:
        lines.add("assistant", f"a{len(lines.records)}", [text("Done")])
        (home / NAME).write_bytes(lines.transcript().data)

    return Agent("QWEN_CODE", SESSION_ID, home, output, OUTPUT, grow)


async def imported(agent: Agent, database_url: str) -> None:
    async with Database(database_url) as database:
        outcomes = await take(database, FORMATS[agent.source], agent.home)
    assert set(outcomes.values()) <= {"CREATED", "UPDATED"}
    assert outcomes


async def results(server: Served, agent: Agent) -> list[str]:
    session = (await server.client.data(RESULTS, id=agent.session_id))["session"]
    return [block["text"] for one in session["messages"]["nodes"] for block in one["content"] if block]


def gemini(tmp_path: Path) -> Agent:
    home = tmp_path / "gemini"
    folder = home / "tmp" / "shop"
    output = folder / "tool-outputs" / f"session-{GEMINI_SESSION}" / "run_shell_command__c1.txt"
    output.parent.mkdir(parents=True)
    output.write_text(OUTPUT)
    path = f"/home/dev/.gemini/{output.relative_to(home).as_posix()}"
    notice = f"Output too large. Showing first 7 and last 10 characters. For full output see: {path}"
    shown = f"{notice}\nline 0\n\nline 4999\n"
    answer = {"functionResponse": {"id": "c1", "name": "run_shell_command", "response": {"output": shown}}}
    call = {"id": "c1", "name": "run_shell_command", "args": {"command": "ls"}, "status": "success", "result": [answer]}
    records: list[object] = [
        {"sessionId": GEMINI_SESSION, "startTime": "2026-11-28T06:00:00.000Z", "kind": "main"},
        {"id": "r1", "timestamp": "2026-11-28T06:00:01.000Z", "type": "user", "content": [{"text": "List them"}]},
        {"id": "r2", "timestamp": "2026-11-28T06:00:02.000Z", "type": "gemini", "content": "", "toolCalls": [call]},
        {"id": "r3", "timestamp": "2026-11-28T06:00:03.000Z", "type": "user", "content": [answer]},
    ]
    file = folder / "chats" / "session-2026-11-28T06-00-c600033b.jsonl"
    file.parent.mkdir()

    def write() -> None:
        file.write_text("".join(f"{json.dumps(record)}\n" for record in records))

    def grow() -> None:
        said = {"id": f"r{len(records)}", "timestamp": "2026-11-28T06:00:04.000Z", "type": "gemini", "content": "Done"}
        records.append(said)
        write()

    write()
    return Agent("GEMINI", GEMINI_SESSION, home, output, OUTPUT, grow)


def claude_code(tmp_path: Path) -> Agent:
    home = tmp_path / "claude"
    output = home / claude.FOLDER / "tool-results" / "b1.txt"
    output.parent.mkdir(parents=True)
    output.write_text(OUTPUT)
    path = f"/home/dev/.claude/{claude.FOLDER}/tool-results/b1.txt"
    lines = claude.Lines()
    lines.user("List them")
    lines.assistant(claude.call("c1"))
    preview = f"Output too large. Full output saved to: {path}\n\nPreview:\nline 0\n"
    lines.user([claude.result("c1", f"<persisted-output>\n{preview}</persisted-output>")])
    lines.assistant(claude.text("Done"))
    (home / claude.NAME).write_bytes(lines.transcript().data)
    return Agent("CLAUDE_CODE", claude.SESSION, home, output, OUTPUT, lambda: None)


@pytest.mark.parametrize("make", [gemini, opencode, qwen])
async def test_a_long_output_is_whole_and_stays_when_its_agent_deletes_the_file(
    server: Served, database_url: str, tmp_path: Path, make: Callable[[Path], Agent]
) -> None:
    agent = make(tmp_path)
    await imported(agent, database_url)
    assert agent.whole in await results(server, agent)
    [hit] = (await server.client.data(FOUND))["search"]["nodes"]
    assert hit["session"]["id"] == agent.session_id
    agent.grow()
    await imported(agent, database_url)
    agent.output.unlink()
    agent.grow()
    await imported(agent, database_url)
    assert agent.whole in await results(server, agent)


@pytest.mark.parametrize("make", [gemini, opencode, qwen])
@pytest.mark.parametrize("what", ["gone", "file", "folder"])
async def test_an_output_that_is_not_below_the_home_stays_as_the_model_got_it(
    server: Served, database_url: str, tmp_path: Path, make: Callable[[Path], Agent], what: str
) -> None:
    agent = make(tmp_path)
    linked = agent.output if what == "file" else agent.output.parent
    elsewhere = tmp_path / "elsewhere"
    shutil.move(linked, elsewhere)
    if what != "gone":
        linked.symlink_to(elsewhere)
    await imported(agent, database_url)
    shown = await results(server, agent)
    assert agent.whole not in shown
    assert any("line 4999" in one and agent.output.name in one for one in shown)


@pytest.mark.parametrize("make", [claude_code, gemini, opencode, qwen])
async def test_a_handoff_goes_on_with_what_the_model_got(
    server: Served, database_url: str, tmp_path: Path, make: Callable[[Path], Agent]
) -> None:
    agent = make(tmp_path)
    await imported(agent, database_url)
    assert agent.whole in await results(server, agent)
    handoff = (await server.client.data(HANDOFF, id=agent.session_id))["session"]["handoff"]
    text = "".join(file["content"] for file in handoff["files"])
    assert agent.output.name in text
    assert "quokkas" not in text
    assert len(text) < 20_000


async def test_a_fork_keeps_the_long_outputs_of_its_deleted_source(
    server: Served, database_url: str, tmp_path: Path
) -> None:
    source = claude_code(tmp_path)
    lines = claude.Lines(claude.OTHER_SESSION)
    for line in (source.home / claude.NAME).read_bytes().splitlines():
        copied = {**json.loads(line), "sessionId": claude.OTHER_SESSION}
        lines.lines.append({**copied, "forkedFrom": {"sessionId": claude.SESSION, "messageUuid": copied["uuid"]}})
    file = source.home / claude.NAME.replace(claude.SESSION, claude.OTHER_SESSION)
    file.write_bytes(lines.transcript(file.relative_to(source.home).as_posix()).data)
    await imported(source, database_url)
    fork = source._replace(session_id=claude.OTHER_SESSION)
    assert source.whole in await results(server, fork)
    shutil.rmtree(source.output.parent)
    delete = "mutation ($id: ID!) { deleteSession(input: {sessionId: $id}) { deletedSessionId } }"
    await server.client.data(delete, id=source.session_id)
    lines.user("And now?", parentUuid=lines.lines[-1]["uuid"])
    file.write_bytes(lines.transcript(file.relative_to(source.home).as_posix()).data)
    await imported(fork, database_url)
    assert source.whole in await results(server, fork)
