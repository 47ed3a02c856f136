"""Sessions that editors have with programs by the Agent Client Protocol."""

from pathlib import Path

from tests.agents.conftest import Prepare
from tests.agents.model_server.conversation import Expected, missing
from tests.agents.model_server.script import reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs import gemini_cli, qwen_code
from tests.agents.programs.acp import editor
from tests.agents.programs.gemini_cli import GeminiCli
from tests.agents.programs.opencode import OpenCode
from tests.agents.programs.qwen_code import QwenCode
from tests.agents.reading import sessions, unsent
from tests.agents.recording import ANSWER, FOREWORD, PRICES, PROMPT, SECOND_ANSWER, SECOND_PROMPT, resumed
from tests.support.format_checks import shown

GEMINI = ("--acp", "--model", gemini_cli.MODEL, "--yolo", "--skip-trust")
QWEN = ("--acp", "--auth-type", "openai", "--model", qwen_code.MODEL, "--yolo")
UNSAVED = {"type": "resource", "resource": {"uri": "file:///shop/unsaved.txt", "text": "Sell no coffee."}}


def test_each_call_of_gemini_is_with_its_reply(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(GeminiCli)
    models.play(reply(FOREWORD, program.shell("cat prices.txt")), reply(program.shell("cat nothing.txt")))
    models.play(reply(ANSWER), reply(FOREWORD, program.shell("echo black")), reply(SECOND_ANSWER), reply("Bye."))
    with editor(program, cwd, *GEMINI) as client:
        session_id = client.new_session()
        client.prompt(session_id, PROMPT, UNSAVED)
        client.prompt(session_id, SECOND_PROMPT)
        client.prompt(session_id, "Thanks.")

    session = sessions(program, "GEMINI")[session_id]
    assert session.first_prompt == f"{PROMPT}@file:///shop/unsaved.txt"
    told = [(role, [brief.partition(":")[0].split(" ")[0] for brief in briefs]) for role, briefs in shown(session)]
    call, result = ["text", "call"], ("TOOL", ["result"])
    assert told == [
        ("USER", ["text"] * 4),
        *(("ASSISTANT", call), result, ("ASSISTANT", ["call"]), ("TOOL", ["failed"]), ("ASSISTANT", ["text"])),
        *(("USER", ["text"]), ("ASSISTANT", call), result, ("ASSISTANT", ["text"])),
        *(("USER", ["text"]), ("ASSISTANT", ["text"])),
    ]
    # The model was asked for "Thanks." with the conversation in this order.
    assert unsent(session, models.requests[-1]) == []
    calls = [item.id for item in models.requests[-1].conversation if item.kind == "call"]
    blocks = (block for index in session.live for block in session.messages[index].build())
    # The program puts the name of the tool before each id.
    assert [str(block["id"]).rpartition("__")[2] for block in blocks if block["type"] == "tool_use"] == calls
    before = shown(session)
    # Its own resume sends all of the calls with the first reply, and states the conversation once more.
    request = resumed(program, models, session_id, "Again?", cwd)
    assert missing(request.conversation, [Expected("call", "echo black"), Expected("text", SECOND_PROMPT)]) == []
    assert shown(sessions(program, "GEMINI")[session_id])[: len(before)] == before


def test_what_an_editor_adds_to_a_prompt_of_opencode_is_injected_text(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(OpenCode)
    models.play(reply(FOREWORD, program.shell("cat prices.txt")), reply(ANSWER))
    with editor(program, cwd, "acp") as client:
        session_id = client.new_session()
        client.prompt(session_id, PROMPT, UNSAVED)

    request = resumed(program, models, session_id, SECOND_PROMPT, cwd)

    session = sessions(program, "OPENCODE")[session_id]
    assert session.first_prompt == PROMPT
    assert [block.get("is_injected", False) for block in session.messages[0].build()] == [False, True]
    assert unsent(session, request) == []
    assert missing(request.conversation, [Expected("text", "Sell no coffee.", "user")]) == []


def test_commands_that_qwen_answers_itself_are_not_sent(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(QwenCode)
    skill = program.root / "skills" / "brew-tea" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: brew-tea\ndescription: How to brew tea\n---\nBoil water.\n", "utf-8")
    models.play(reply(ANSWER), reply(FOREWORD, program.shell("cat prices.txt")), reply(SECOND_ANSWER))
    with editor(program, cwd, *QWEN) as client:
        session_id = client.new_session()
        client.prompt(session_id, "/stats")
        client.prompt(session_id, "/brew-tea mint")
        client.prompt(session_id, "/context")
        client.prompt(session_id, SECOND_PROMPT, UNSAVED)

    request = resumed(program, models, session_id, "Again?", cwd)

    session = sessions(program, "QWEN_CODE")[session_id]
    assert session.first_prompt == "/brew-tea mint"
    assert unsent(session, request) == []
    prompts = [message.build()[0]["text"] for message in session.messages if message.role == "USER"]
    assert prompts == ["/stats", "/brew-tea mint", "/context", SECOND_PROMPT, "Again?"]
    # What the editor gave beside the words is in no record, nor is what the skill said.
    assert missing(models.requests[0].conversation, [Expected("text", "Boil water.", "user")]) == []
    assert missing(models.requests[1].conversation, [Expected("text", "Sell no coffee.", "user")]) == []
    assert not [item for item in request.conversation if "Sell no coffee." in item.text or "Boil water." in item.text]
    assert missing(request.conversation, [Expected("result", PRICES)]) == []
