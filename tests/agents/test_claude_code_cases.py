"""Claude Code: transcripts of titles, long results, pictures, interruptions and compactions."""

import base64
import json
import signal
import threading
from pathlib import Path

from tests.agents import by_hand
from tests.agents.conftest import Prepare
from tests.agents.model_server.conversation import Expected, missing
from tests.agents.model_server.script import Call, Hold, Thinking, reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.claude_code import ClaudeCode
from tests.agents.reading import sessions
from tests.agents.recording import ANSWER, FOREWORD, PROMPT, SECOND_PROMPT, THOUGHT, eventually, resumed

# A server of the Model Context Protocol with one resource, a picture.
SERVER = f"""\
import json, sys
answers = {{
    "initialize": {{"capabilities": {{"resources": {{}}}}, "serverInfo": {{"name": "tea", "version": "1"}}}},
    "resources/list": {{"resources": [{{"uri": "tea://dot", "name": "dot", "mimeType": "image/png"}}]}},
    "resources/read": {{"contents": [{{"uri": "tea://dot", "mimeType": "image/png", "blob": "{by_hand.PICTURE}"}}]}},
}}
for request in map(json.loads, sys.stdin):
    result = answers.get(request["method"], {{}})
    if request["method"] == "initialize":
        result["protocolVersion"] = request["params"]["protocolVersion"]
    if "id" in request:
        print(json.dumps({{"jsonrpc": "2.0", "id": request["id"], "result": result}}), flush=True)
"""
SUMMARY = "Somebody asked for the price of a tea."


def test_a_name_is_a_custom_title_before_the_prompt(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(ClaudeCode)
    models.play(reply(ANSWER))

    run = program.command("--name", "Price of tea", *program.arguments(PROMPT, None), cwd=cwd)

    assert run.status == 0, run.errors
    [file] = program.files()
    lines = by_hand.lines(file)
    kinds = [line["type"] for line in lines]
    assert kinds.index("custom-title") < kinds.index("user")
    assert {line["customTitle"] for line in lines if line["type"] == "custom-title"} == {"Price of tea"}


def test_a_long_result_is_in_a_file_of_its_own(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(ClaudeCode)
    models.play(reply(program.shell("yes 'Mint tea 2' | head -c 200000")), reply(ANSWER))

    program.run(PROMPT, cwd)

    [file] = program.files()
    [line] = [line for line in by_hand.lines(file) if line.get("toolUseResult")]
    [whole] = file.with_suffix("").glob("tool-results/*.txt")
    text = line["message"]["content"][0]["content"]
    assert text.startswith("<persisted-output>")
    assert str(whole) in text
    assert len(text) < 3_000
    assert len(line["toolUseResult"]["stdout"]) == 30_000
    assert whole.stat().st_size == 200_000


def test_a_picture_that_was_read_is_in_the_result_and_beside_it(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(ClaudeCode)
    (cwd / "dot.png").write_bytes(base64.b64decode(by_hand.PICTURE))
    models.play(reply(Call("Read", {"file_path": str(cwd / "dot.png")})), reply(ANSWER))

    program.run(PROMPT, cwd)

    [file] = program.files()
    [line] = [line for line in by_hand.lines(file) if line.get("toolUseResult")]
    [image] = line["message"]["content"][0]["content"]
    assert (image["type"], image["source"]["data"]) == ("image", by_hand.PICTURE)
    assert line["toolUseResult"]["file"]["base64"] == by_hand.PICTURE


def test_a_picture_of_a_servers_resource_is_shown(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(ClaudeCode)
    (cwd / "server.py").write_text(SERVER, encoding="utf-8")
    servers = {"tea": {"command": "python3", "args": [str(cwd / "server.py")]}}
    (cwd / ".mcp.json").write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
    (program.root / "settings.json").write_text(json.dumps({"enableAllProjectMcpServers": True}), encoding="utf-8")
    models.play(reply(Call("ReadMcpResourceTool", {"server": "tea", "uri": "tea://dot"})), reply(ANSWER))

    program.run(PROMPT, cwd)

    assert not any(item.kind == "image" for item in models.requests[-1].conversation)
    [session] = sessions(program, "CLAUDE_CODE").values()
    [result] = [block for message in session.messages for block in message.build() if block["type"] == "tool_result"]
    assert f"'data': '{by_hand.PICTURE}'" in str(result["content"])


def test_an_interrupted_reply_is_kept_without_a_stop_reason(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program, never = prepare(ClaudeCode), threading.Event()
    models.play(reply(FOREWORD, Hold(never), ANSWER))

    shows_parts = ["--output-format", "stream-json", "--include-partial-messages", "--verbose"]

    with program.start([*shows_parts, *program.arguments(PROMPT, None)], cwd) as running:
        eventually(lambda: '"content_block_stop"' in running.output.read_text(encoding="utf-8"), "The text is shown")
        running.process.send_signal(signal.SIGINT)
        running.ended()

    [file] = program.files()
    prompt, answer, notice = (line["message"] for line in by_hand.lines(file) if line["type"] in ("user", "assistant"))
    assert prompt["content"] == PROMPT
    assert (answer["content"][0]["text"], answer["stop_reason"]) == (FOREWORD, None)
    assert notice["content"][0]["text"] == "[Request interrupted by user]"


def test_a_compaction_continues_from_a_summary_and_keeps_what_was_before(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(ClaudeCode)
    models.play(reply(Thinking(THOUGHT), ANSWER))
    program.run(PROMPT, cwd)
    [file] = program.files()
    before = file.read_bytes()

    # Without the tags the program asks once more.
    models.play(reply(f"<summary>{SUMMARY}</summary>"))
    program.run("/compact", cwd, resume=file.stem)
    request = resumed(program, models, file.stem, SECOND_PROMPT, cwd)

    lines = by_hand.lines(file)
    [boundary] = [line for line in lines if line.get("subtype") == "compact_boundary"]
    [summary] = [line for line in lines if line.get("isCompactSummary")]
    assert file.read_bytes().startswith(before)
    assert boundary["parentUuid"] is None
    assert boundary["logicalParentUuid"]
    assert boundary["compactMetadata"]["trigger"] == "manual"
    assert summary["type"] == "user"
    assert SUMMARY in str(summary["message"]["content"])
    assert missing(request.conversation, [Expected("text", SUMMARY), Expected("text", SECOND_PROMPT)]) == []
    assert missing(request.conversation, [Expected("text", PROMPT)]) != []
