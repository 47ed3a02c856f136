"""What a person typed in place of a prompt: commands of their own, and goals."""

from pathlib import Path

from tests.agents.conftest import Prepare
from tests.agents.model_server.conversation import Expected, missing
from tests.agents.model_server.script import reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.claude_code import ClaudeCode
from tests.agents.programs.gemini_cli import GeminiCli
from tests.agents.programs.qwen_code import QwenCode
from tests.agents.reading import sessions, unsent
from tests.agents.recording import ANSWER


def test_a_goal_is_the_prompt_of_the_session_that_it_began(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(QwenCode)
    # Qwen Code stops pursuing a goal after three turns in a row without a tool call.
    models.play(*[reply(ANSWER)] * 3)

    program.run("/goal Know what mint tea costs", cwd)

    [session] = sessions(program, "QWEN_CODE").values()
    assert session.first_prompt == "Know what mint tea costs"
    assert [message.is_injected for message in session.messages if message.role == "USER"] == [False, True, True, True]
    assert unsent(session, models.requests[-1]) == []


def test_a_goal_of_claude_code_is_the_prompt_of_the_session_that_it_began(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(ClaudeCode)
    # That the goal is reached is asked in a side request, whose answer here is not understood and ends the turn.
    models.play(reply(ANSWER))

    program.run("/goal Know what mint tea costs", cwd)

    [session] = sessions(program, "CLAUDE_CODE").values()
    assert session.first_prompt == "Know what mint tea costs"
    blocks = [block for message in session.messages if message.role == "USER" for block in message.build()]
    assert [block["text"] for block in blocks if not block.get("is_injected")] == ["Know what mint tea costs"]
    sent = [Expected("text", str(block["text"]), "user") for block in blocks[-3:]]
    assert [missing(models.requests[0].conversation, [one]) for one in sent] == [[]] * 3


def test_a_session_that_a_command_of_gemini_began_is_named_by_what_was_typed(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(GeminiCli)
    command = program.root / "commands" / "brew.toml"
    command.parent.mkdir()
    command.write_text('prompt = "Brew {{args}} for three minutes."\n', encoding="utf-8")
    models.play(reply(ANSWER))

    program.run("/brew green tea", cwd)

    [session] = sessions(program, "GEMINI").values()
    assert session.first_prompt == "/brew green tea"
    assert unsent(session, models.requests[0]) == []
