"""Qwen Code: the files it writes, and the conversation it sends when it resumes one."""

import re
import uuid
from pathlib import Path
from typing import Any

import pytest

from storage.documents.formats.qwen.qwen_format import QwenFormat
from tests.agents import by_hand
from tests.agents.conftest import Prepare
from tests.agents.model_server.conversation import Expected, missing
from tests.agents.model_server.script import reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.qwen_code import MODEL, QwenCode
from tests.agents.reading import check_conversation, read, sessions
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
    stored,
    waiting,
)

PROGRAM = QwenCode


def of_type(recording: Recording, kind: str) -> list[dict[str, Any]]:
    return [line for line in recording.lines() if line["type"] == kind]


def test_a_resumed_session_sends_the_whole_conversation(recording: Recording) -> None:
    assert missing(recording.requests[-1].conversation, recording.expected()) == []


def test_a_resumed_session_sends_thoughts(recording: Recording) -> None:
    assert missing(recording.requests[-1].conversation, [Expected("thinking", THOUGHT)]) == []


def test_the_folder_is_the_directory_with_hyphens(recording: Recording) -> None:
    folder = re.sub("[^A-Za-z0-9]", "-", str(recording.cwd))

    assert recording.file.parent == recording.program.root / "projects" / folder / "chats"
    assert {line["sessionId"] for line in recording.lines()} == {recording.file.stem}


def test_a_resumed_session_continues_in_its_file(recording: Recording) -> None:
    assert recording.file.stat().st_ino == recording.inode
    assert recording.file.read_bytes().startswith(recording.after_first_turn)


def test_all_lines_are_one_chain(recording: Recording) -> None:
    lines = recording.lines()

    assert [line["parentUuid"] for line in lines] == [None, *(line["uuid"] for line in lines[:-1])]
    assert {(line["cwd"], line["version"]) for line in lines} == {(str(recording.cwd), QwenCode.version())}
    assert {(line["type"], line["provenance"]) for line in lines} == {
        ("user", "real_user"),
        ("assistant", "assistant_output"),
        ("tool_result", "tool_result"),
        ("system", "system"),
    }


def test_prompts_are_user_lines(recording: Recording) -> None:
    prompts = [line["message"]["parts"] for line in of_type(recording, "user")]

    assert prompts == [[{"text": PROMPT}], [{"text": SECOND_PROMPT}]]


def test_a_reply_is_one_line(recording: Recording) -> None:
    first, second, third = of_type(recording, "assistant")

    assert first["message"]["parts"][:2] == [{"text": THOUGHT, "thought": True}, {"text": FOREWORD}]
    assert [part["functionCall"]["id"] for part in first["message"]["parts"][2:]] == [
        call.id for call in recording.calls
    ]
    assert [line["message"]["parts"] for line in (second, third)] == [[{"text": ANSWER}], [{"text": SECOND_ANSWER}]]
    assert (first["model"], first["usageMetadata"]["totalTokenCount"]) == (MODEL, 1_234)


def test_each_result_is_a_line(recording: Recording) -> None:
    found, not_found = of_type(recording, "tool_result")

    assert [line["toolCallResult"]["callId"] for line in (found, not_found)] == [call.id for call in recording.calls]
    assert [line["toolCallResult"]["status"] for line in (found, not_found)] == ["success", "error"]
    assert PRICES in found["message"]["parts"][0]["functionResponse"]["response"]["output"]
    assert "Exit Code: 1" in not_found["message"]["parts"][0]["functionResponse"]["response"]["error"]


def test_a_fork_copies_lines_and_names_their_source(recording: Recording, models: ModelServer) -> None:
    program = recording.program
    models.play(reply("In the fork."))
    options = program.arguments("Go elsewhere.", recording.session_id)

    fork = program.command("--fork-session", *options, cwd=recording.cwd)

    assert fork.status == 0, fork.errors
    [file] = [file for file in program.files() if file != recording.file]
    copied = [line for line in by_hand.lines(file) if "forkedFrom" in line]
    old = {line["uuid"] for line in recording.lines()}
    assert {line["forkedFrom"]["sessionId"] for line in copied} == {recording.session_id}
    assert {line["uuid"] for line in copied} <= old
    assert {line["sessionId"] for line in copied} == {file.stem}
    assert missing(models.requests[0].conversation, recording.expected()) == []


def test_the_conversation_is_read_once_and_in_order(recording: Recording) -> None:
    check_conversation(read(QwenFormat(), recording), recording)


def test_a_reply_and_its_results_are_written_before_the_next_answer(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(QwenCode)

    with waiting(program, models, cwd):
        eventually(lambda: '"tool_result"' in stored(program), "The result is written")
        assert PROMPT in stored(program)
        assert FOREWORD in stored(program)
        assert ANSWER not in stored(program)

    assert ANSWER in stored(program)


@pytest.mark.parametrize("typed", ["/brew-tea", "/brew-tea mint, for two"])
def test_a_session_that_a_skill_began_is_named_by_what_was_typed(
    typed: str, prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(QwenCode)
    folder = cwd / ".qwen" / "skills" / "brew-tea"
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text("---\nname: brew-tea\ndescription: Tea\n---\nBoil water.\n", "utf-8")
    models.play(reply(ANSWER))

    program.run(typed, cwd)
    [file] = program.files()
    resumed(program, models, file.stem, SECOND_PROMPT, cwd)

    assert sessions(program, "QWEN_CODE")[file.stem].first_prompt == typed
    assert missing(models.requests[0].conversation, [Expected("text", "Boil water.", "user")]) == []


def test_a_session_written_by_hand_is_continued(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(QwenCode)
    session_id = str(uuid.uuid4())
    folder = program.root / "projects" / re.sub("[^A-Za-z0-9]", "-", str(cwd)) / "chats"
    folder.mkdir(parents=True)
    (folder / f"{session_id}.jsonl").write_bytes(by_hand.jsonl(_lines(session_id, cwd)))

    request = resumed(program, models, session_id, by_hand.NEXT_PROMPT, cwd)

    assert missing(request.conversation, by_hand.expected()) == []
    assert len(program.files()) == 1


def _lines(session_id: str, cwd: Path) -> list[dict[str, Any]]:
    picture = {"inlineData": {"mimeType": "image/png", "data": by_hand.PICTURE}}
    call = {"functionCall": {"id": by_hand.CALL_ID, "name": by_hand.TOOL, "args": by_hand.INPUT}}
    failed = {"functionCall": {"id": by_hand.FAILED_ID, "name": by_hand.TOOL, "args": by_hand.FAILED_INPUT}}
    result = {"id": by_hand.CALL_ID, "name": by_hand.TOOL, "response": {"output": by_hand.RESULT}}
    failure = {"id": by_hand.FAILED_ID, "name": by_hand.TOOL, "response": {"error": by_hand.FAILURE}}
    messages: list[tuple[str, str, list[dict[str, Any]]]] = [
        ("user", "user", [{"text": by_hand.PROMPT}, picture]),
        ("assistant", "model", [{"text": by_hand.FOREWORD}, call, failed]),
        ("tool_result", "user", [{"functionResponse": result}]),
        ("tool_result", "user", [{"functionResponse": failure}]),
        ("assistant", "model", [{"text": by_hand.ANSWER}]),
    ]
    lines: list[dict[str, Any]] = []
    for kind, role, parts in messages:
        line = {
            "uuid": str(uuid.uuid4()),
            "parentUuid": lines[-1]["uuid"] if lines else None,
            "sessionId": session_id,
            "timestamp": by_hand.now(),
            "type": kind,
            "cwd": str(cwd),
            "version": QwenCode.version(),
            "message": {"role": role, "parts": parts},
        }
        lines.append(line)
    return lines
