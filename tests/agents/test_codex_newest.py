"""Codex with its newest models, which call its tools by scripts."""

from pathlib import Path

from tests.agents.conftest import Prepare
from tests.agents.model_server.script import Call, reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.codex import MODEL, Codex
from tests.agents.reading import sessions, unsent
from tests.agents.recording import ANSWER, PROMPT, SECOND_PROMPT, resumed

NEWEST = "gpt-6.2-sol"
_READ = 'text((await tools.exec_command({cmd: "cat prices.txt"})).output)'


def test_scripts_call_the_other_tools(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(Codex)
    config = program.root / "config.toml"
    config.write_text(config.read_text("utf-8").replace(f'"{MODEL}"', f'"{NEWEST}"'), "utf-8")
    models.play(reply(Call("exec", _READ)), reply(Call("exec", 'throw new Error("no tea")')), reply(ANSWER))

    program.run(PROMPT, cwd)
    [file] = program.files()
    session_id = program.session_id(file)
    request = resumed(program, models, session_id, SECOND_PROMPT, cwd)

    session = sessions(program, "CODEX")[session_id]
    assert unsent(session, request) == []
    assert session.messages[0].role == "SYSTEM"
    blocks = [block for index in session.live for block in session.messages[index].build()]
    kinds = {str(block["type"]) for block in blocks}
    assert kinds == {"text", "tool_use", "tool_result"}
    assert next(block["input"] for block in blocks if block["type"] == "tool_use") == _READ
    results = [block for block in blocks if block["type"] == "tool_result"]
    assert [block.get("is_error", False) for block in results] == [False, True]
    assert "Mint tea 2" in str(results[0]["content"])
