"""Gemini CLI and Qwen Code: what hooks, servers and subagents add to a conversation, and files other than pictures."""

import json
from pathlib import Path

from storage.documents.derived_session import MAIN, SUBAGENT
from tests.agents.conftest import Prepare
from tests.agents.model_server.conversation import Expected, missing
from tests.agents.model_server.script import Call, reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs import qwen_code
from tests.agents.programs.gemini_cli import GeminiCli
from tests.agents.programs.program import Program
from tests.agents.programs.qwen_code import QwenCode
from tests.agents.reading import sessions
from tests.agents.recording import ANSWER, FOREWORD, PROMPT, SECOND_ANSWER, SECOND_PROMPT, resumed

TASK = "Read the list of prices"
_HOOK = """\
import json, sys
name = json.load(sys.stdin)["hook_event_name"]
print(json.dumps({"hookSpecificOutput": {"hookEventName": name, "additionalContext": f"From {name}"}}))
"""


def set_up(program: Program, **settings: object) -> None:
    """Add settings to those of the program."""
    file = program.root / "settings.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | settings), "utf-8")


def test_a_hook_of_gemini_is_no_part_of_the_first_prompt(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(GeminiCli)
    (cwd / "hook.py").write_text(_HOOK, "utf-8")
    (cwd / "menu.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")
    hook = {"hooks": [{"type": "command", "command": f"python3 '{cwd / 'hook.py'}'"}]}
    set_up(program, hooks={event: [hook] for event in ("SessionStart", "BeforeAgent")})
    models.play(reply(FOREWORD, Call("read_file", {"file_path": "menu.pdf"})), reply(ANSWER))

    program.run(PROMPT, cwd)
    [file] = program.files()
    session_id = program.session_id(file)
    request = resumed(program, models, session_id, SECOND_PROMPT, cwd)

    session = sessions(program, "GEMINI")[session_id]
    assert session.first_prompt == PROMPT
    blocks = [block for message in session.messages for block in message.build()]
    added = "".join(str(block["text"]) for block in blocks if block.get("is_injected"))
    assert ("From SessionStart" in added, "From BeforeAgent" in added) == (True, True)
    assert [block["type"] for message in session.messages if message.role == "TOOL" for block in message.build()] == [
        "tool_result",
        "inlineData",
    ]
    # The program leaves out a prompt that begins with what a hook added: see findings/.
    live = [block for index in session.live for block in session.messages[index].build() if block["type"] == "text"]
    said = [str(block["text"]) for block in live if not block.get("is_injected")]
    assert said == [FOREWORD, ANSWER, SECOND_PROMPT, SECOND_ANSWER]
    assert missing(request.conversation, [Expected("text", text) for text in said[:-1]]) == []
    assert missing(request.conversation, [Expected("text", PROMPT)]) != []


def test_a_subagent_of_gemini_is_named_by_its_task(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(GeminiCli)
    (cwd / "GEMINI.md").write_text("Sell no coffee.\n", "utf-8")
    end = Call("complete_task", {"result": {"response": "Mint tea 2"}, "response": "Mint tea 2"})
    models.play(reply(Call("invoke_agent", {"agent_name": "generalist", "prompt": TASK})), reply(end), reply(ANSWER))

    program.run(PROMPT, cwd)

    by_kind = {session.kind: session for session in sessions(program, "GEMINI").values()}
    main, agent = by_kind[MAIN], by_kind[SUBAGENT]
    assert (agent.parent_id, agent.first_prompt, agent.title) == (main.id, TASK, None)
    assert "Mint tea 2" in str(agent.metadata["summary"])
    assert (main.usage.output, agent.usage.output) == (68, 34)


def test_the_end_of_a_subagent_of_qwen_is_no_prompt(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(QwenCode)
    call = Call("agent", {"description": "Look", "prompt": TASK, "subagent_type": "general-purpose"})
    # The session's next request, the agent's, and that about its end come in any order.
    models.play(reply(FOREWORD, call), *(reply(ANSWER) for _ in range(3)))

    program.run(PROMPT, cwd)

    by_kind = {session.kind: session for session in sessions(program, "QWEN_CODE").values()}
    main, agent = by_kind[MAIN], by_kind[SUBAGENT]
    assert (agent.parent_id, agent.first_prompt) == (main.id, TASK)
    assert (main.usage.output, agent.usage.output) == (34 * 3, 34)
    assert (main.model, agent.model) == (qwen_code.MODEL, qwen_code.MODEL)
    blocks = [block for message in main.messages if message.role == "USER" for block in message.build()]
    assert [block.get("is_injected", False) for block in blocks] == [False, True]
    assert "<task-notification>" in str(blocks[1]["text"])
