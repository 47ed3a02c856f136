"""Codex: the files it writes, and the conversation it sends when it resumes one."""

import itertools
import json
import re
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.agents import by_hand
from tests.agents.conftest import Prepare
from tests.agents.model_server.conversation import missing
from tests.agents.model_server.openai_responses import ENCRYPTED
from tests.agents.model_server.script import Hold, reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.codex import Codex
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
)

PROGRAM = Codex


def payloads(recording: Recording, kind: str) -> list[dict[str, Any]]:
    return [line["payload"] for line in recording.lines() if line["type"] == kind]


def items(recording: Recording, kind: str) -> list[dict[str, Any]]:
    """What is shown of the session, of one kind."""
    shown = [event["item"] for event in payloads(recording, "event_msg") if event["type"] == "item_completed"]
    return [item for item in shown if item["type"] == kind]


def test_a_resumed_session_sends_the_whole_conversation(recording: Recording) -> None:
    assert missing(recording.requests[-1].conversation, recording.expected()) == []


def test_the_file_is_named_after_its_time_and_id(recording: Recording) -> None:
    folder = recording.file.parent.relative_to(recording.program.root / "sessions")

    assert re.fullmatch(r"\d{4}/\d\d/\d\d", folder.as_posix())
    date = folder.as_posix().replace("/", "-")
    assert re.fullmatch(rf"rollout-{date}T\d\d-\d\d-\d\d-[0-9a-f-]{{36}}\.jsonl", recording.file.name)


def test_a_resumed_session_continues_in_its_file(recording: Recording) -> None:
    lines = recording.lines()

    assert recording.file.stat().st_ino == recording.inode
    assert recording.file.read_bytes().startswith(recording.after_first_turn)
    assert [line["ordinal"] for line in lines] == list(range(len(lines)))
    assert [line["timestamp"] for line in lines] == sorted(line["timestamp"] for line in lines)


def test_one_line_describes_the_session(recording: Recording) -> None:
    [meta] = payloads(recording, "session_meta")

    assert recording.lines()[0]["type"] == "session_meta"
    assert meta["id"] == recording.session_id
    assert meta["cwd"] == str(recording.cwd)
    assert (meta["cli_version"], meta["originator"], meta["source"]) == (Codex.version(), "codex_exec", "exec")
    assert meta["history_mode"] == "paginated"


def test_prompts_stand_as_an_item_and_as_an_event(recording: Recording) -> None:
    typed = [
        item
        for item in payloads(recording, "response_item")
        if item.get("internal_chat_message_metadata_passthrough", {}).get("content_item_kinds") == ["user.text"]
    ]

    assert [item["content"][0]["text"] for item in typed] == [PROMPT, SECOND_PROMPT]
    assert [item["content"][0]["text"] for item in items(recording, "UserMessage")] == [PROMPT, SECOND_PROMPT]
    assert {event["type"] for event in payloads(recording, "event_msg")}.isdisjoint({"user_message", "agent_message"})


def test_answers_stand_as_an_item_and_as_an_event(recording: Recording) -> None:
    texts = [
        item["content"][0]["text"]
        for item in payloads(recording, "response_item")
        if item["type"] == "message" and item["role"] == "assistant"
    ]

    assert texts == [FOREWORD, ANSWER, SECOND_ANSWER]
    assert [item["content"][0]["text"] for item in items(recording, "AgentMessage")] == texts


def test_reasoning_has_a_summary_and_a_blob(recording: Recording) -> None:
    [reasoning] = [item for item in payloads(recording, "response_item") if item["type"] == "reasoning"]

    assert reasoning["summary"] == [{"type": "summary_text", "text": THOUGHT}]
    assert reasoning["encrypted_content"] == ENCRYPTED


def test_calls_have_arguments_as_text_and_outputs_with_the_exit_code_in_them(recording: Recording) -> None:
    calls = [item for item in payloads(recording, "response_item") if item["type"] == "function_call"]
    outputs = {
        item["call_id"]: item["output"]
        for item in payloads(recording, "response_item")
        if item["type"] == "function_call_output"
    }
    found, not_found = recording.calls

    assert [(call["name"], call["arguments"]) for call in calls] == [
        ("exec_command", '{"cmd":"cat prices.txt"}'),
        ("exec_command", '{"cmd":"cat nothing.txt"}'),
    ]
    assert "Process exited with code 0" in outputs[found.id]
    assert PRICES in outputs[found.id]
    assert "Process exited with code 1" in outputs[not_found.id]
    executions = {item["id"]: (item["status"], item["exit_code"]) for item in items(recording, "CommandExecution")}
    assert executions == {found.id: ("completed", 0), not_found.id: ("failed", 1)}


def test_usage_is_counted_once_a_response(recording: Recording) -> None:
    records = payloads(recording, "token_usage_record")

    assert len(records) == len({record["response_id"] for record in records}) == 3
    assert [record["thread_token_usage"]["total_tokens"] for record in records] == [1_234, 2_468, 3_702]


def test_each_turn_has_an_end(recording: Recording) -> None:
    ends = [event for event in payloads(recording, "event_msg") if event["type"] == "task_complete"]

    assert [end["last_agent_message"] for end in ends] == [ANSWER, SECOND_ANSWER]


def test_items_are_written_as_the_stream_gives_them(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program, call_ended, answer = prepare(Codex), threading.Event(), threading.Event()
    models.play(
        reply(FOREWORD, Hold(call_ended), program.shell("cat prices.txt")),
        reply(Hold(answer), ANSWER),
    )

    with program.start(program.arguments(PROMPT, None), cwd) as running:
        eventually(lambda: FOREWORD in stored(program), "The text is written while the reply goes on")
        assert PROMPT in stored(program)
        assert "cat prices.txt" not in stored(program)
        call_ended.set()
        models.wait_for(2)
        eventually(lambda: "function_call_output" in stored(program), "The output is written")
        assert "task_complete" not in stored(program)
        answer.set()
        assert running.ended().status == 0
    assert stored(program).count(ANSWER) == 3


def test_a_fork_refers_to_the_lines_of_its_source(recording: Recording, models: ModelServer) -> None:
    program = recording.program
    models.play(reply("In the fork."))

    fork = program.command(
        *("exec", "fork", "--skip-git-repo-check", recording.session_id, "Go elsewhere."), cwd=recording.cwd
    )

    assert fork.status == 0, fork.errors
    [file] = [file for file in program.files() if file != recording.file]
    meta, *lines = by_hand.lines(file)
    assert meta["ordinal"] == meta["payload"]["forked_from_ordinal_exclusive"] == len(recording.lines())
    assert meta["payload"]["forked_from_id"] == recording.session_id
    assert meta["payload"]["history_base"]["end_byte_offset"] == recording.file.stat().st_size
    assert not any(PROMPT in str(line) for line in lines)
    assert missing(models.requests[0].conversation, recording.expected()) == []


def test_a_session_written_by_hand_is_continued(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(Codex)
    session_id = str(uuid.uuid4())
    folder = program.root / "sessions" / "2026" / "11" / "28"
    folder.mkdir(parents=True)
    (folder / f"rollout-2026-11-28T10-00-00-{session_id}.jsonl").write_bytes(by_hand.jsonl(_lines(session_id, cwd)))

    request = resumed(program, models, session_id, by_hand.NEXT_PROMPT, cwd)

    assert missing(request.conversation, by_hand.expected()) == []
    assert len(program.files()) == 1


def _lines(session_id: str, cwd: Path) -> Iterator[dict[str, Any]]:
    turn_id = str(uuid.uuid4())
    meta = {
        "id": session_id,
        "timestamp": by_hand.now(),
        "cwd": str(cwd),
        "originator": "test",
        "cli_version": Codex.version(),
        "source": "cli",
        "history_mode": "paginated",
    }
    picture = {"type": "input_image", "image_url": f"data:image/png;base64,{by_hand.PICTURE}"}
    calls = [
        (by_hand.CALL_ID, by_hand.INPUT, by_hand.RESULT),
        (by_hand.FAILED_ID, by_hand.FAILED_INPUT, by_hand.FAILURE),
    ]
    written: list[tuple[str, dict[str, Any]]] = [
        ("session_meta", meta),
        ("event_msg", {"type": "task_started", "turn_id": turn_id, "started_at": 1_795_860_000}),
        ("response_item", _message("user", {"type": "input_text", "text": by_hand.PROMPT}, picture)),
        ("response_item", _message("assistant", {"type": "output_text", "text": by_hand.FOREWORD})),
        *(
            (
                "response_item",
                {
                    "type": "function_call",
                    "name": by_hand.TOOL,
                    "arguments": json.dumps(given, ensure_ascii=False),
                    "call_id": call_id,
                },
            )
            for call_id, given, _ in calls
        ),
        *(
            ("response_item", {"type": "function_call_output", "call_id": call_id, "output": output})
            for call_id, _, output in calls
        ),
        ("response_item", _message("assistant", {"type": "output_text", "text": by_hand.ANSWER})),
        ("event_msg", {"type": "task_complete", "turn_id": turn_id, "last_agent_message": by_hand.ANSWER}),
    ]
    for ordinal, (kind, payload) in zip(itertools.count(), written, strict=False):
        yield {"timestamp": by_hand.now(), "ordinal": ordinal, "type": kind, "payload": payload}


def _message(role: str, *content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": content}
