"""Sessions that editors have with programs by the Agent Client Protocol."""

from pathlib import Path

from tests.agents.conftest import Prepare
from tests.agents.model_server.conversation import Expected, missing
from tests.agents.model_server.script import reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs import gemini_cli
from tests.agents.programs.acp import editor
from tests.agents.programs.gemini_cli import GeminiCli
from tests.agents.reading import sessions, unsent
from tests.agents.recording import ANSWER, FOREWORD, PROMPT, SECOND_ANSWER, SECOND_PROMPT, resumed
from tests.support.format_checks import shown

GEMINI = ("--acp", "--model", gemini_cli.MODEL, "--yolo", "--skip-trust")
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
