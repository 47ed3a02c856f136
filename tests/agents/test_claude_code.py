"""Claude Code: the files it writes, and the conversation it sends when it resumes one."""

import json
import re
import stat
import uuid
from pathlib import Path

from tests.agents import by_hand
from tests.agents.conftest import Prepare
from tests.agents.model_server.conversation import missing
from tests.agents.model_server.script import Call, reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.claude_code import ClaudeCode
from tests.agents.recording import (
    ANSWER,
    FOREWORD,
    PRICES,
    PROMPT,
    SECOND_PROMPT,
    THOUGHT,
    Recording,
    eventually,
    resumed,
    stored,
    waiting,
)

PROGRAM = ClaudeCode


def test_a_resumed_session_sends_the_whole_conversation(recording: Recording) -> None:
    assert missing(recording.requests[-1].conversation, recording.expected()) == []


def test_the_folder_is_the_directory_with_all_but_letters_and_digits_as_hyphens(recording: Recording) -> None:
    folder = re.sub("[^A-Za-z0-9]", "-", str(recording.cwd))

    assert recording.file.parent == recording.program.root / "projects" / folder
    assert str(uuid.UUID(recording.session_id)) == recording.file.stem
    assert stat.S_IMODE(recording.file.stat().st_mode) == 0o600


def test_a_resumed_session_continues_in_its_file(recording: Recording) -> None:
    assert recording.file.stat().st_ino == recording.inode
    assert recording.file.read_bytes().startswith(recording.after_first_turn)
    assert {line["sessionId"] for line in recording.lines() if "sessionId" in line} == {recording.session_id}


def test_lines_name_the_directory_and_the_version(recording: Recording) -> None:
    lines = [line for line in recording.lines() if line["type"] in ("user", "assistant")]

    assert {(line["cwd"], line["version"], line["isSidechain"]) for line in lines} == {
        (str(recording.cwd), ClaudeCode.version(), False)
    }


def test_prompts_are_user_lines_with_a_string(recording: Recording) -> None:
    prompts = [
        line["message"]["content"]
        for line in recording.lines()
        if line["type"] == "user" and isinstance(line["message"]["content"], str)
    ]

    assert prompts == [PROMPT, SECOND_PROMPT]


def test_a_reply_is_a_line_for_each_block_with_its_usage_on_each(recording: Recording) -> None:
    answers = [line for line in recording.lines() if line["type"] == "assistant"]
    first = [line for line in answers if line["message"]["id"] == answers[0]["message"]["id"]]
    blocks = [line["message"]["content"] for line in first]

    assert [[block["type"] for block in content] for content in blocks] == [["thinking"], ["text"], *[["tool_use"]] * 2]
    assert [line["apiBlockIndex"] for line in first] == [0, 1, 2, 3]
    assert {line["message"]["stop_reason"] for line in first} == {"tool_use"}
    assert len({line["requestId"] for line in first}) == 1
    assert [line["message"]["usage"]["output_tokens"] for line in first] == [34] * 4
    assert blocks[0][0]["thinking"] == THOUGHT
    assert blocks[1][0]["text"] == FOREWORD


def test_results_of_parallel_calls_are_children_of_their_own_calls(recording: Recording) -> None:
    lines = recording.lines()
    calls = {line["message"]["content"][0].get("id"): line for line in lines if line["type"] == "assistant"}
    results = {
        line["message"]["content"][0]["tool_use_id"]: line
        for line in lines
        if line["type"] == "user" and isinstance(line["message"]["content"], list)
    }

    assert results.keys() == {call.id for call in recording.calls}
    for call_id, result in results.items():
        assert result["parentUuid"] == calls[call_id]["uuid"]
    found, not_found = (results[call.id]["message"]["content"][0] for call in recording.calls)
    assert (found["content"], found["is_error"]) == (PRICES, False)
    assert not_found["is_error"]
    assert results[recording.calls[0].id]["toolUseResult"]["stdout"] == PRICES


def test_the_traffic_with_the_model_is_logged_in_lines_without_uuids(recording: Recording) -> None:
    logged = [line for line in recording.lines() if line["type"].startswith("api-request")]

    assert {line["type"] for line in logged} == {"api-request", "api-request-blob", "api-request-shape"}
    assert not any("uuid" in line for line in logged)


def test_print_mode_gives_no_title(recording: Recording) -> None:
    assert {line["type"] for line in recording.lines()}.isdisjoint({"ai-title", "custom-title", "summary"})
    assert recording.side_requests == []


def test_a_reply_and_its_results_are_written_before_the_next_answer(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(ClaudeCode)

    with waiting(program, models, cwd):
        eventually(lambda: f'"content":"{PRICES}"' in stored(program), "The result is written")
        assert PROMPT in stored(program)
        assert FOREWORD in stored(program)
        assert ANSWER not in stored(program)

    assert ANSWER in stored(program)


def test_a_fork_copies_lines_with_their_uuids(recording: Recording, models: ModelServer) -> None:
    program = recording.program
    models.play(reply("In the fork."))
    options = program.arguments("Go elsewhere.", recording.session_id)

    fork = program.command("--fork-session", *options, cwd=recording.cwd)

    assert fork.status == 0, fork.errors
    [file] = [file for file in program.files() if file != recording.file]
    lines = by_hand.lines(file)
    old = {line["uuid"] for line in recording.lines() if line["type"] in ("user", "assistant")}
    copied = [line for line in lines if line.get("uuid") in old]
    assert {line["uuid"] for line in copied} == old
    assert {line["sessionId"] for line in copied} == {file.stem}
    assert {line["requestSessionId"] for line in copied if line["type"] == "assistant"} == {recording.session_id}
    assert missing(models.requests[0].conversation, recording.expected()) == []


def test_a_subagent_has_a_file_below_its_session(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(ClaudeCode)
    task = {"description": "Read the list", "prompt": "Read prices.txt.", "subagent_type": "general-purpose"}
    # In the background, as is the default, its requests would come in any order with those of its parent.
    call = Call("Agent", {**task, "run_in_background": False})
    models.play(reply(call), reply(program.shell("cat prices.txt")), reply("The list has mint tea."), reply(ANSWER))

    program.run(PROMPT, cwd)

    [file] = program.files()
    [transcript] = file.with_suffix("").glob("subagents/agent-*.jsonl")
    meta = json.loads(transcript.with_suffix(".meta.json").read_text(encoding="utf-8"))
    lines = [line for line in by_hand.lines(transcript) if line["type"] in ("user", "assistant")]
    assert (meta["toolUseId"], meta["agentType"]) == (call.id, "general-purpose")
    assert {(line["sessionId"], line["isSidechain"]) for line in lines} == {(file.stem, True)}
    assert {f"agent-{line['agentId']}" for line in lines} == {transcript.stem}
    assert [line["type"] for line in lines] == ["user", "assistant", "user", "assistant"]
    [result] = [line for line in by_hand.lines(file) if line.get("toolUseResult")]
    assert result["toolUseResult"]["agentId"] == lines[0]["agentId"]
    assert result["toolUseResult"]["content"][-1]["text"] == "The list has mint tea."


def test_a_session_written_by_hand_is_continued(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(ClaudeCode)
    session_id = str(uuid.uuid4())
    folder = program.root / "projects" / re.sub("[^A-Za-z0-9]", "-", str(cwd))
    folder.mkdir(parents=True)
    (folder / f"{session_id}.jsonl").write_bytes(by_hand.jsonl(_lines(session_id, cwd)))

    request = resumed(program, models, session_id, by_hand.NEXT_PROMPT, cwd)

    assert missing(request.conversation, by_hand.expected()) == []
    [file] = program.files()
    assert file.stem == session_id


def _lines(session_id: str, cwd: Path) -> list[dict[str, object]]:
    source = {"type": "base64", "media_type": "image/png", "data": by_hand.PICTURE}
    call = {"type": "tool_use", "name": by_hand.TOOL}
    result = {"type": "tool_result"}
    messages: list[tuple[str, object]] = [
        ("user", [{"type": "text", "text": by_hand.PROMPT}, {"type": "image", "source": source}]),
        (
            "assistant",
            [
                {"type": "text", "text": by_hand.FOREWORD},
                {**call, "id": by_hand.CALL_ID, "input": by_hand.INPUT},
                {**call, "id": by_hand.FAILED_ID, "input": by_hand.FAILED_INPUT},
            ],
        ),
        (
            "user",
            [
                {**result, "tool_use_id": by_hand.CALL_ID, "content": by_hand.RESULT},
                {**result, "tool_use_id": by_hand.FAILED_ID, "content": by_hand.FAILURE, "is_error": True},
            ],
        ),
        ("assistant", [{"type": "text", "text": by_hand.ANSWER}]),
    ]
    lines: list[dict[str, object]] = []
    for role, content in messages:
        line = {
            "parentUuid": lines[-1]["uuid"] if lines else None,
            "isSidechain": False,
            "type": role,
            "message": {"role": role, "content": content},
            "uuid": str(uuid.uuid4()),
            "timestamp": by_hand.now(),
            "cwd": str(cwd),
            "sessionId": session_id,
            "version": ClaudeCode.version(),
        }
        lines.append(line)
    return lines
