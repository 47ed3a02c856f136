"""OpenCode: the files it writes, and the conversation it sends when it resumes one."""

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from storage.documents.formats.opencode.opencode_format import OpenCodeFormat
from tests.agents import by_hand
from tests.agents.conftest import Prepare
from tests.agents.model_server.conversation import missing
from tests.agents.model_server.script import reply
from tests.agents.model_server.server import TITLE, ModelServer
from tests.agents.programs.opencode import OpenCode
from tests.agents.reading import check_conversation, read
from tests.agents.recording import (
    ANSWER,
    FOREWORD,
    PRICES,
    PROMPT,
    SECOND_ANSWER,
    SECOND_PROMPT,
    THOUGHT,
    Recording,
    eventually,
    resumed,
    waiting,
)

PROGRAM = OpenCode


def rows(recording: Recording, table: str, session_id: str | None = None) -> list[dict[str, Any]]:
    """A session's rows of a table, with `data` as JSON, by id: the order of messages and of parts."""
    column = "id" if table == "session" else "session_id"
    where = f"WHERE {column} = '{session_id or recording.session_id}'"
    return select(recording.file, f"SELECT * FROM {table} {where} ORDER BY id")


def select(file: Path, statement: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        found = [dict(row) for row in database.execute(statement)]
    return [{**row, "data": json.loads(row["data"])} if "data" in row else row for row in found]


def test_a_resumed_session_sends_the_whole_conversation(recording: Recording) -> None:
    assert missing(recording.requests[-1].conversation, recording.expected()) == []


def test_sessions_are_in_a_database_whose_rows_may_be_in_the_log(recording: Recording) -> None:
    folder = recording.program.root

    assert recording.file == folder / "opencode.db"
    assert (folder / "opencode.db-wal").is_file()
    assert not (folder / "storage").exists()


def test_a_session_is_a_row(recording: Recording) -> None:
    [session] = rows(recording, "session")

    assert session["id"] == recording.session_id
    assert session["id"].startswith("ses_")
    assert (session["directory"], session["version"]) == (str(recording.cwd), OpenCode.version())
    assert (session["project_id"], session["parent_id"]) == ("global", None)
    assert (session["tokens_input"], session["tokens_cache_read"], session["tokens_output"]) == (600, 3_000, 102)


def test_the_title_is_asked_from_the_model_apart(recording: Recording) -> None:
    assert len(recording.side_requests) == 1
    assert rows(recording, "session")[0]["title"] == TITLE


def test_each_step_is_a_message_of_the_prompt_before_it(recording: Recording) -> None:
    first, *steps, second, last = rows(recording, "message")

    assert [row["data"]["role"] for row in (first, *steps, second, last)] == [
        *("user", "assistant", "assistant"),
        *("user", "assistant"),
    ]
    assert {step["data"]["parentID"] for step in steps} == {first["id"]}
    assert last["data"]["parentID"] == second["id"]
    assert [step["data"]["finish"] for step in (*steps, last)] == ["tool-calls", "stop", "stop"]
    assert {step["data"]["modelID"] for step in steps} == {"model"}
    assert steps[0]["data"]["tokens"]["cache"] == {"read": 1_000, "write": 0}


def test_parts_are_in_the_order_of_their_ids(recording: Recording) -> None:
    parts = [row["data"] for row in rows(recording, "part")]

    assert [part["type"] for part in parts] == [
        "text",
        *("step-start", "reasoning", "text", "tool", "tool", "step-finish"),
        *("step-start", "text", "step-finish"),
        "text",
        *("step-start", "text", "step-finish"),
    ]
    assert [part["text"] for part in parts if "text" in part] == [
        # The program quotes a prompt that is one argument.
        f'"{PROMPT}"',
        THOUGHT,
        FOREWORD,
        ANSWER,
        f'"{SECOND_PROMPT}"',
        SECOND_ANSWER,
    ]


def test_a_call_and_its_result_are_one_part(recording: Recording) -> None:
    tools = [row["data"] for row in rows(recording, "part") if row["data"]["type"] == "tool"]

    assert [tool["callID"] for tool in tools] == [call.id for call in recording.calls]
    found, not_found = (tool["state"] for tool in tools)
    # A command that failed is a call that was completed.
    assert (found["status"], not_found["status"]) == ("completed", "completed")
    assert (found["metadata"]["exit"], not_found["metadata"]["exit"]) == (0, 1)
    assert (found["input"]["command"], found["output"]) == ("cat prices.txt", f"{PRICES}\n")


def test_a_fork_has_new_ids_and_does_not_name_its_source(recording: Recording, models: ModelServer) -> None:
    program = recording.program
    models.play(reply("In the fork."))
    options = program.arguments("Go elsewhere.", recording.session_id)
    old = {row["id"] for row in rows(recording, "message")}

    fork = program.command(*options, "--fork", cwd=recording.cwd)

    assert fork.status == 0, fork.errors
    fork_id = program.session_id(recording.file)
    [session], copied = (rows(recording, table, fork_id) for table in ("session", "message"))
    assert fork_id != recording.session_id
    assert session["parent_id"] is None
    assert recording.session_id not in str(session)
    assert len(copied) == len(old) + 2
    assert old.isdisjoint(row["id"] for row in copied)
    assert missing(models.requests[0].conversation, recording.expected()) == []


def test_the_conversation_is_read_once_and_in_order(recording: Recording) -> None:
    check_conversation(read(OpenCodeFormat(), recording), recording, quote='"')


def test_a_reply_and_its_results_are_written_before_the_next_answer(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(OpenCode)

    def parts() -> list[dict[str, Any]]:
        return [row["data"] for file in program.files() for row in select(file, "SELECT * FROM part ORDER BY id")]

    def completed() -> bool:
        return [part["state"]["status"] for part in parts() if part["type"] == "tool"] == ["completed"]

    with waiting(program, models, cwd):
        eventually(completed, "The result is written")
        assert [part["text"] for part in parts() if part["type"] == "text"] == [f'"{PROMPT}"', FOREWORD]

    assert parts()[-2]["text"] == ANSWER


def test_a_session_written_by_hand_is_imported_and_continued(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(OpenCode)
    session = _session(cwd)
    file = cwd.with_name("session.json")
    file.write_text(json.dumps(session), encoding="utf-8")
    imported = program.command("import", str(file), cwd=cwd)
    assert imported.status == 0, imported.errors

    request = resumed(program, models, session["info"]["id"], by_hand.NEXT_PROMPT, cwd)

    assert missing(request.conversation, by_hand.expected()) == []


def _session(cwd: Path) -> dict[str, Any]:
    now, session_id, model = int(time.time() * 1_000), "ses_byhand0001", {"providerID": "scripted", "modelID": "model"}
    step = {
        "role": "assistant",
        "parentID": "msg_byhand0001",
        "agent": "build",
        "mode": "build",
        "path": {"cwd": str(cwd), "root": "/"},
        "cost": 0,
        "tokens": {"input": 0, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0}},
        **model,
    }
    picture = {
        "type": "file",
        "mime": "image/png",
        "filename": "dot.png",
        "url": f"data:image/png;base64,{by_hand.PICTURE}",
    }
    times = {"start": now, "end": now}
    completed = {"input": by_hand.INPUT, "output": by_hand.RESULT, "title": "", "metadata": {}, "time": times}
    failed = {"input": by_hand.FAILED_INPUT, "error": by_hand.FAILURE, "time": times}
    call = {"type": "tool", "tool": by_hand.TOOL}
    messages: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
        ({"role": "user", "agent": "build", "model": model}, [{"type": "text", "text": by_hand.PROMPT}, picture]),
        (
            step,
            [
                {"type": "text", "text": by_hand.FOREWORD},
                {**call, "callID": by_hand.CALL_ID, "state": {"status": "completed", **completed}},
                {**call, "callID": by_hand.FAILED_ID, "state": {"status": "error", **failed}},
            ],
        ),
        (step, [{"type": "text", "text": by_hand.ANSWER}]),
    ]
    written, number = [], 0
    for place, (info, parts) in enumerate(messages, 1):
        message_id = f"msg_byhand{place:04d}"
        ids = {"sessionID": session_id, "messageID": message_id}
        numbered = []
        for part in parts:
            number += 1
            numbered.append({"id": f"prt_byhand{number:04d}", **ids, **part})
        info = {"id": message_id, "sessionID": session_id, "time": {"created": now + place}, **info}
        written.append({"info": info, "parts": numbered})
    info = {
        "id": session_id,
        "slug": "by-hand",
        "title": "By hand",
        "version": OpenCode.version(),
        "projectID": "global",
        "directory": str(cwd),
        "time": {"created": now, "updated": now},
    }
    return {"info": info, "messages": written}
