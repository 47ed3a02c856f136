"""Long outputs of commands, which programs put into files of their own, are read whole."""

from pathlib import Path

import pytest

from tests.agents.conftest import Prepare
from tests.agents.model_server.script import reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.gemini_cli import GeminiCli
from tests.agents.programs.opencode import OpenCode
from tests.agents.programs.program import Program
from tests.agents.programs.qwen_code import QwenCode
from tests.agents.reading import sessions
from tests.agents.recording import ANSWER, PROMPT

NUMBERS = "".join(f"{number}\n" for number in range(1, 40_001))


@pytest.mark.parametrize(("kind", "source"), [(GeminiCli, "GEMINI"), (OpenCode, "OPENCODE"), (QwenCode, "QWEN_CODE")])
def test_a_long_output_is_read_whole(
    prepare: Prepare, models: ModelServer, cwd: Path, kind: type[Program], source: str
) -> None:
    program = prepare(kind)
    # OpenCode loses parts of the outputs of commands that end at once.
    models.play(reply(program.shell("seq 1 40000; sleep 1")), reply(ANSWER))
    program.run(PROMPT, cwd)
    [sent] = [item.text for item in models.requests[-1].conversation if item.kind == "result"]
    [session] = sessions(program, source).values()

    [result] = [block for one in session.messages for block in one.build() if block["type"] == "tool_result"]

    assert NUMBERS not in sent
    assert NUMBERS.rstrip() in str(result["content"])
