"""Gemini CLI: the files it writes, and the conversation it sends when it resumes one."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from storage.documents.derived_session import FORK, MAIN
from storage.documents.formats.gemini.gemini_format import GeminiFormat
from tests.agents import by_hand
from tests.agents.conftest import Prepare
from tests.agents.model_server.conversation import Expected, missing
from tests.agents.model_server.script import Thinking, Usage, reply
from tests.agents.model_server.server import TITLE, ModelServer
from tests.agents.programs.gemini_cli import MODEL, GeminiCli
from tests.agents.reading import check_conversation, read, sessions, unsent
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

PROGRAM = GeminiCli


def first_turn(recording: Recording) -> list[dict[str, Any]]:
    return [json.loads(line) for line in recording.after_first_turn.splitlines()]


def test_a_resumed_session_sends_the_whole_conversation(recording: Recording) -> None:
    assert missing(recording.requests[-1].conversation, recording.expected()) == []


def test_a_resumed_session_sends_each_result_twice(recording: Recording) -> None:
    answered = [item.id for item in recording.requests[-1].conversation if item.kind == "result"]

    assert sorted(answered) == sorted([call.id for call in recording.calls] * 2)


def test_the_directory_is_found_by_the_name_of_the_folder(recording: Recording) -> None:
    root, slug = recording.program.root, "tea-shop-x"
    projects = json.loads((root / "projects.json").read_text(encoding="utf-8"))["projects"]

    assert recording.file.parent == root / "tmp" / slug / "chats"
    assert projects == {str(recording.cwd): slug}
    assert (root / "tmp" / slug / ".project_root").read_text(encoding="utf-8") == str(recording.cwd)


def test_the_file_is_named_after_its_minute_and_the_beginning_of_its_id(recording: Recording) -> None:
    header = first_turn(recording)[0]
    minute = header["startTime"][:16].replace(":", "-")

    assert recording.file.name == f"session-{minute}-{header['sessionId'][:8]}.jsonl"
    assert header["kind"] == "main"
    assert header["projectHash"]


def test_a_resumed_session_continues_in_its_file(recording: Recording) -> None:
    assert recording.file.stat().st_ino == recording.inode
    assert recording.file.read_bytes().startswith(recording.after_first_turn)


def test_a_resume_writes_the_history_again(recording: Recording) -> None:
    later = recording.lines()[len(first_turn(recording)) :]

    [history] = [
        line["$set"]["messages"]
        for line in later
        if any(PROMPT in str(m) for m in line.get("$set", {}).get("messages", ()))
    ]
    assert [message["type"] for message in history].count("gemini") == 2
    assert all(isinstance(message["content"], list) for message in history)


def test_the_context_is_a_list_of_one_user_record(recording: Recording) -> None:
    [context] = first_turn(recording)[1]["$set"]["messages"]

    assert context["type"] == "user"
    assert context["content"][0]["text"].startswith("<session_context>")


def test_a_reply_is_written_again_under_its_id_with_its_calls(recording: Recording) -> None:
    replies = [line for line in first_turn(recording) if line.get("type") == "gemini"]
    without, with_calls, answer = replies

    assert without["id"] == with_calls["id"] != answer["id"]
    assert "toolCalls" not in without
    assert (with_calls["content"], answer["content"], answer["model"]) == (FOREWORD, ANSWER, MODEL)
    assert [thought["subject"] for thought in with_calls["thoughts"]] == [THOUGHT]
    assert with_calls["tokens"]["input"] == 1_200
    found, not_found = with_calls["toolCalls"]
    # A command that failed is a call that succeeded.
    assert (found["status"], not_found["status"]) == ("success", "success")
    assert (found["resultDisplay"], found["args"]["command"]) == (PRICES, "cat prices.txt")
    assert "Exit Code: 1" in not_found["result"][0]["functionResponse"]["response"]["output"]


def test_results_are_a_user_record_as_well(recording: Recording) -> None:
    users = [line for line in first_turn(recording) if line.get("type") == "user"]
    prompt, results = users

    assert prompt["content"] == [{"text": PROMPT}]
    assert [part["functionResponse"]["name"] for part in results["content"]] == ["run_shell_command"] * 2


def test_the_conversation_is_read_once_and_in_order(recording: Recording) -> None:
    check_conversation(read(GeminiFormat(), recording), recording)


def test_a_reply_and_its_results_are_written_before_the_next_answer(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(GeminiCli)

    with waiting(program, models, cwd):
        eventually(lambda: '"status":"success"' in stored(program), "The result is written")
        assert PROMPT in stored(program)
        assert FOREWORD in stored(program)
        assert ANSWER not in stored(program)

    assert ANSWER in stored(program)


def test_a_compression_within_a_turn_is_read_as_it_is_sent(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(GeminiCli)
    models.play(reply("Good morning."))
    program.run("Hello.", cwd)
    [file] = program.files()
    session_id = program.session_id(file)
    full = Usage(input=900_000)
    models.play(
        reply(Thinking(THOUGHT), FOREWORD, program.shell("cat prices.txt")),
        reply("Once more.", program.shell("cat prices.txt"), usage=full),
        reply(ANSWER),
    )
    program.run(PROMPT, cwd, resume=session_id)
    request = resumed(program, models, session_id, SECOND_PROMPT, cwd)

    session = sessions(program, "GEMINI")[session_id]
    assert unsent(session, request) == []
    blocks = [block for message in session.messages for block in message.build()]
    # The requests for the summary have no tools.
    assert [block["summary"] for block in blocks if block["type"] == "compaction"] == [TITLE]
    texts = [block["text"] for block in blocks if block["type"] == "text" and not block.get("is_injected")]
    assert texts == ["Hello.", "Good morning.", PROMPT, FOREWORD, "Once more.", ANSWER, SECOND_PROMPT, SECOND_ANSWER]
    assert [block["type"] for block in blocks].count("tool_use") == 2
    assert session.usage.output == 5 * 34


def test_what_the_program_says_of_a_loop_is_injected_text(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(GeminiCli)
    # The fifth call in a row is not made; the program asks once more.
    models.play(*(reply(program.shell("cat prices.txt")) for _ in range(5)), reply(ANSWER))

    program.run(PROMPT, cwd)

    [session] = sessions(program, "GEMINI").values()
    [*_, notice, answer] = session.messages
    assert (notice.role, notice.is_injected, answer.role) == ("USER", True, "ASSISTANT")
    assert missing(models.requests[-1].conversation, [Expected("text", "Potential loop detected", "user")]) == []


def test_files_that_a_prompt_mentions_are_injected_text(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program, prompt = prepare(GeminiCli), "What is in @prices.txt?"
    models.play(reply(ANSWER))

    program.run(prompt, cwd)

    [session] = sessions(program, "GEMINI").values()
    blocks = [block for message in session.messages for block in message.build() if message.role == "USER"]
    assert session.first_prompt == prompt
    assert [block.get("is_injected", False) for block in blocks if PRICES in str(block)] == [True]
    assert missing(models.requests[0].conversation, [Expected("text", PRICES, "user")]) == []


def test_a_session_begun_from_a_file_is_its_fork(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(GeminiCli)
    models.play(reply(FOREWORD, program.shell("cat prices.txt")), reply(ANSWER))
    program.run(PROMPT, cwd)
    [file] = program.files()
    models.play(reply(SECOND_ANSWER))

    run = program.command("--session-file", str(file), *program.arguments(SECOND_PROMPT, None), cwd=cwd)

    assert run.status == 0, run.errors
    found = sessions(program, "GEMINI")
    source = found.pop(program.session_id(file))
    [fork] = found.values()
    assert (source.kind, source.usage.output) == (MAIN, 68)
    assert (fork.kind, fork.parent_id, fork.usage.output) == (FORK, source.id, 34)
    assert [message.usage is None for message in fork.messages if message.role == "ASSISTANT"] == [True, True, False]
    assert unsent(fork, models.requests[-1]) == []


def test_a_session_written_by_hand_is_continued(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(GeminiCli)
    session_id = str(uuid.uuid4())
    folder = program.root / "tmp" / "tea-shop-x" / "chats"
    folder.mkdir(parents=True)
    projects = {"projects": {str(cwd): "tea-shop-x"}}
    (program.root / "projects.json").write_text(json.dumps(projects), encoding="utf-8")
    (folder.parent / ".project_root").write_text(str(cwd), encoding="utf-8")
    file = folder / f"session-2026-11-28T10-00-{session_id[:8]}.jsonl"
    file.write_bytes(by_hand.jsonl(_lines(session_id)))

    request = resumed(program, models, session_id, by_hand.NEXT_PROMPT, cwd)

    assert missing(request.conversation, by_hand.expected()) == []
    assert by_hand.NEXT_PROMPT in file.read_text(encoding="utf-8")


def _lines(session_id: str) -> Iterator[dict[str, Any]]:
    time = by_hand.now()
    yield {"sessionId": session_id, "projectHash": "0" * 64, "startTime": time, "lastUpdated": time, "kind": "main"}
    picture = {"inlineData": {"mimeType": "image/png", "data": by_hand.PICTURE}}
    response = {"id": by_hand.CALL_ID, "name": by_hand.TOOL, "response": {"output": by_hand.RESULT}}
    call = {
        "id": by_hand.CALL_ID,
        "name": by_hand.TOOL,
        "args": by_hand.INPUT,
        "result": [{"functionResponse": response}],
        "status": "success",
        "timestamp": time,
    }
    failed = {
        "id": by_hand.FAILED_ID,
        "name": by_hand.TOOL,
        "args": by_hand.FAILED_INPUT,
        "result": by_hand.FAILURE,
        "status": "error",
        "timestamp": time,
    }
    records: list[dict[str, Any]] = [
        {"type": "user", "content": [{"text": by_hand.PROMPT}, picture]},
        {"type": "gemini", "content": by_hand.FOREWORD, "toolCalls": [call, failed], "model": MODEL},
        {"type": "gemini", "content": by_hand.ANSWER, "model": MODEL},
    ]
    for record in records:
        yield {"id": str(uuid.uuid4()), "timestamp": time, **record}
