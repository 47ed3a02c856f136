"""OpenCode: an undo of a part of a reply, and a command that a subagent carries out."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from storage.documents.derived_session import MAIN
from tests.agents.conftest import Prepare
from tests.agents.model_server.script import reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.opencode import OpenCode
from tests.agents.reading import sessions
from tests.agents.recording import ANSWER, FOREWORD, PROMPT, SECOND_ANSWER, SECOND_PROMPT, resumed

_COMMAND = "---\ndescription: Look up a price\nagent: general\nsubtask: true\n---\nLook up $ARGUMENTS in the list.\n"


def undo_from_the_last_call(file: Path) -> None:
    """Take back a part of a reply and all behind it, as a client of the program's server can."""
    with closing(sqlite3.connect(file)) as database, database:
        [part_id, message_id] = database.execute(
            "SELECT id, message_id FROM part WHERE data->>'type' = 'tool' ORDER BY id DESC LIMIT 1"
        ).fetchone()
        revert = json.dumps({"messageID": message_id, "partID": part_id})
        database.execute("UPDATE session SET revert = ?", (revert,))


def test_a_reply_that_was_undone_from_a_part_on_is_read_as_it_is_sent(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(OpenCode)
    kept, undone = program.shell("cat prices.txt"), program.shell("cat nothing.txt")
    models.play(reply(FOREWORD, kept, undone), reply(ANSWER))
    program.run(PROMPT, cwd)
    [file] = program.files()
    session_id = program.session_id(file)
    undo_from_the_last_call(file)
    session = sessions(program, "OPENCODE")[session_id]

    request = resumed(program, models, session_id, SECOND_PROMPT, cwd)

    def calls(indexes: list[int]) -> list[object]:
        blocks = (block for index in indexes for block in session.messages[index].build())
        return [block["id"] for block in blocks if block["type"] == "tool_use"]

    assert calls(list(session.live)) == [item.id for item in request.conversation if item.kind == "call"] == [kept.id]
    assert calls(list(range(len(session.messages)))) == [kept.id, undone.id]
    assert session.usage.output == 68


def test_a_command_that_a_subagent_carries_out_is_a_prompt(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(OpenCode)
    folder = program.home / ".config" / "opencode" / "command"
    folder.mkdir()
    (folder / "price.md").write_text(_COMMAND, "utf-8")
    models.play(reply(ANSWER), reply(SECOND_ANSWER))

    run = program.command("run", "--command", "price", "mint", cwd=cwd)

    assert run.status == 0, run.errors
    [session] = [one for one in sessions(program, "OPENCODE").values() if one.kind == MAIN]
    assert session.first_prompt == "/price"
    [prompt, call, *_] = [message.build() for message in session.messages]
    assert [(block["text"], block.get("is_injected")) for block in prompt] == [
        ("/price", None),
        ("Look up mint in the list.", True),
    ]
    assert "Look up mint in the list." in str(call[0]["input"])
