"""Codex with its newest models: scripts that call its tools, and sessions of models of another generation."""

from pathlib import Path

from storage.handoff.handoff import make_handoff
from tests.agents.conftest import Prepare
from tests.agents.model_server.conversation import missing
from tests.agents.model_server.script import Call, reply
from tests.agents.model_server.server import TITLE, ModelServer
from tests.agents.programs.codex import MODEL, Codex
from tests.agents.reading import sessions, unsent
from tests.agents.recording import ANSWER, PROMPT, SECOND_ANSWER, SECOND_PROMPT, resumed
from tests.agents.test_handoff import NEXT_PROMPT, expected, write
from tests.support.handoffs import hard_conversation

NEWEST = "gpt-6.2-sol"
_READ = 'text((await tools.exec_command({cmd: "cat prices.txt"})).output)'


def choose(program: Codex, model: str, instead_of: str = MODEL) -> None:
    """Make a model the default of the program."""
    config = program.root / "config.toml"
    config.write_text(config.read_text("utf-8").replace(f'"{instead_of}"', f'"{model}"'), "utf-8")


def test_scripts_call_the_other_tools(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(Codex)
    choose(program, NEWEST)
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


def test_a_session_of_a_model_of_another_generation_goes_on_from_a_summary(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(Codex)
    models.play(reply(program.shell("cat prices.txt")), reply(ANSWER))
    program.run(PROMPT, cwd)
    [file] = program.files()
    session_id = program.session_id(file)
    for model, before in ((NEWEST, MODEL), (MODEL, NEWEST)):
        choose(program, model, before)
        # The request for a summary has the tools of the newest models as an item.
        if before == NEWEST:
            models.play(reply(TITLE))
        models.play(reply(SECOND_ANSWER))
        program.run(SECOND_PROMPT, cwd, resume=session_id)

        session = sessions(program, "CODEX")[session_id]
        assert unsent(session, models.requests[-1]) == []
        live = [block for index in session.live for block in session.messages[index].build()]
        kinds = [block["type"] for block in live if not block.get("is_injected")]
        assert kinds.count("compaction") == 1
        assert "tool_use" not in kinds
    assert ANSWER in str([message.build() for message in session.messages])


def test_a_copy_from_another_agent_is_continued_whole(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(Codex)
    choose(program, NEWEST)
    handoff = make_handoff(hard_conversation(str(cwd)), "CODEX", None)
    write(handoff, program.root)

    request = resumed(program, models, handoff.session_id, NEXT_PROMPT, cwd)

    assert missing(request.conversation, expected(handoff)) == []
