"""OpenCode: what its plugins show a person and do not send to the model."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.agents.conftest import Prepare
from tests.agents.model_server.script import reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.opencode import OpenCode
from tests.agents.reading import sessions
from tests.agents.recording import ANSWER, FOREWORD, PROMPT, SECOND_ANSWER, SECOND_PROMPT, resumed

BESIDE, ALONE = "The plugin counts prompts.", "The plugin shortened an output."


def add_notes(file: Path) -> None:
    """Add the rows that a plugin writes: a note to the prompt, and a message that is one.

    With a plugin itself the program waits for a minute for a package that it cannot install.
    """
    with closing(sqlite3.connect(file)) as database, database:
        [message_id] = database.execute("SELECT id FROM message WHERE data->>'role' = 'user'").fetchone()
        database.execute(
            "INSERT INTO message (id, session_id, time_created, time_updated, data)"
            " SELECT id || 'z', session_id, time_created, time_updated, data FROM message WHERE id = ?",
            (message_id,),
        )
        [part_id] = database.execute("SELECT max(id) FROM part WHERE message_id = ?", (message_id,)).fetchone()
        for suffix, of_message, note in (("y", message_id, BESIDE), ("z", f"{message_id}z", ALONE)):
            database.execute(
                "INSERT INTO part (id, message_id, session_id, time_created, time_updated, data)"
                " SELECT id || ?, ?, session_id, time_created, time_updated, ? FROM part WHERE id = ?",
                (suffix, of_message, json.dumps({"type": "text", "text": note, "ignored": True}), part_id),
            )


def test_notes_of_plugins_are_not_sent(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(OpenCode)
    models.play(reply(FOREWORD, program.shell("cat prices.txt")), reply(ANSWER))
    program.run(PROMPT, cwd)
    [file] = program.files()
    session_id = program.session_id(file)
    add_notes(file)

    request = resumed(program, models, session_id, SECOND_PROMPT, cwd)

    session = sessions(program, "OPENCODE")[session_id]
    texts = {
        is_live: [
            str(block["text"])
            for index, message in enumerate(session.messages)
            for block in message.build()
            if block["type"] == "text" and (index in session.live) == is_live
        ]
        for is_live in (True, False)
    }
    assert texts[False] == [BESIDE, ALONE]
    sent = [item.text for item in request.conversation if item.kind == "text" and item.role != "system"]
    assert texts[True] == [*sent, SECOND_ANSWER]
    assert session.first_prompt == f'"{PROMPT}"'
