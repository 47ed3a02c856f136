"""Claude Code: a session that a person moves to another directory while it runs, as `/cd` does in a terminal."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.agents.conftest import Prepare
from tests.agents.model_server.script import reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.claude_code import MODEL, ClaudeCode
from tests.agents.reading import sessions, unsent
from tests.agents.recording import ANSWER, PATIENCE, PROMPT, SECOND_ANSWER, SECOND_PROMPT, resumed

_STREAMED = [
    "--print",
    "--model",
    MODEL,
    "--input-format",
    "stream-json",
    "--output-format",
    "stream-json",
    "--verbose",
]


def _send(process: "subprocess.Popen[str]", message: dict[str, Any], awaited: str) -> dict[str, Any]:
    """Write a message, and wait for the next one of a type."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()
    return next(answer for answer in map(json.loads, process.stdout) if answer["type"] == awaited)


def _prompt(text: str) -> dict[str, Any]:
    return {"type": "user", "message": {"role": "user", "content": text}}


def test_a_moved_session_is_in_its_new_directory(
    prepare: Prepare, models: ModelServer, cwd: Path, tmp_path: Path
) -> None:
    program, elsewhere = prepare(ClaudeCode), tmp_path / "elsewhere"
    elsewhere.mkdir()
    settings = {"hasCompletedOnboarding": True, "projects": {str(elsewhere): {"hasTrustDialogAccepted": True}}}
    (program.home / ".claude.json").write_text(json.dumps(settings), encoding="utf-8")
    models.play(reply(ANSWER), reply(SECOND_ANSWER))
    with program.connected(_STREAMED, cwd) as process:
        _send(process, _prompt(PROMPT), "result")
        [before] = sessions(program, "CLAUDE_CODE").values()
        move = {"subtype": "set_cwd", "path": str(elsewhere)}
        answer = _send(process, {"type": "control_request", "request_id": "1", "request": move}, "control_response")
        # The move has a result of its own.
        _send(process, _prompt(SECOND_PROMPT), "assistant")
        assert process.stdin is not None
        process.stdin.close()
        process.wait(PATIENCE)

    assert answer["response"]["response"]["transcript_relocated"]
    [session] = sessions(program, "CLAUDE_CODE").values()
    assert (before.id, before.workspace) == (session.id, str(cwd))
    assert session.workspace == str(elsewhere)
    request = resumed(program, models, session.id, "And here?", elsewhere)
    assert unsent(sessions(program, "CLAUDE_CODE")[session.id], request) == []
