"""pi: the files it writes, and the conversation it sends when it resumes one."""

import uuid
from pathlib import Path
from typing import Any

from storage.documents.formats.pi.pi_format import PiFormat
from tests.agents import by_hand
from tests.agents.conftest import Prepare
from tests.agents.model_server.conversation import Expected, missing
from tests.agents.model_server.script import Call, reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.pi import MODEL, PROVIDER, Pi
from tests.agents.reading import check_conversation, read, sessions
from tests.agents.recording import (
    ANSWER,
    FOREWORD,
    PRICES,
    PROMPT,
    SECOND_ANSWER,
    SECOND_PROMPT,
    Recording,
    eventually,
    resumed,
    stored,
    waiting,
)
from tests.support.stored_transcript import StoredTranscript

PROGRAM = Pi


def messages(recording: Recording, role: str) -> list[dict[str, Any]]:
    stored = [line["message"] for line in recording.lines() if line["type"] == "message"]
    return [message for message in stored if message["role"] == role]


def test_a_resumed_session_sends_the_whole_conversation(recording: Recording) -> None:
    assert missing(recording.requests[-1].conversation, recording.expected()) == []


def test_the_folder_is_the_directory_between_hyphens(recording: Recording) -> None:
    folder = f"--{str(recording.cwd).strip('/').replace('/', '-')}--"
    header = recording.lines()[0]

    assert recording.file.parent == recording.program.root / "sessions" / folder
    time = header["timestamp"].replace(":", "-").replace(".", "-")
    assert recording.file.name == f"{time}_{header['id']}.jsonl"
    assert (header["type"], header["version"], header["cwd"]) == ("session", 3, str(recording.cwd))


def test_a_resumed_session_continues_in_its_file(recording: Recording) -> None:
    assert recording.file.stat().st_ino == recording.inode
    assert recording.file.read_bytes().startswith(recording.after_first_turn)


def test_entries_are_a_chain(recording: Recording) -> None:
    _, *entries = recording.lines()

    assert [entry["parentId"] for entry in entries] == [None, *(entry["id"] for entry in entries[:-1])]
    assert {entry["type"] for entry in entries} == {"model_change", "thinking_level_change", "message"}


def test_a_message_is_one_entry(recording: Recording) -> None:
    prompts, replies = messages(recording, "user"), messages(recording, "assistant")

    assert [message["content"][0]["text"] for message in prompts] == [PROMPT, SECOND_PROMPT]
    assert [block["type"] for block in replies[0]["content"]] == ["thinking", "text", "toolCall", "toolCall"]
    assert [message["content"][-1]["text"] for message in replies[1:]] == [ANSWER, SECOND_ANSWER]
    assert replies[0]["content"][1]["text"] == FOREWORD
    assert (replies[0]["model"], replies[0]["provider"]) == (MODEL, PROVIDER)
    assert (replies[0]["usage"]["input"], replies[0]["usage"]["cacheRead"]) == (200, 1_000)
    assert [message["stopReason"] for message in replies] == ["toolUse", "stop", "stop"]


def test_each_result_is_an_entry(recording: Recording) -> None:
    found, not_found = messages(recording, "toolResult")

    assert [message["toolCallId"] for message in (found, not_found)] == [call.id for call in recording.calls]
    assert (found["isError"], not_found["isError"]) == (False, True)
    assert found["content"] == [{"type": "text", "text": f"{PRICES}\n"}]


def test_a_fork_copies_entries_with_their_ids(recording: Recording, models: ModelServer) -> None:
    program = recording.program
    models.play(reply("In the fork."))
    options = program.arguments("Go elsewhere.", None)

    fork = program.command("--fork", recording.session_id, *options, cwd=recording.cwd)

    assert fork.status == 0, fork.errors
    [file] = [file for file in program.files() if file != recording.file]
    header, *entries = by_hand.lines(file)
    _, *old = recording.lines()
    assert header["parentSession"] == str(recording.file)
    assert entries[: len(old)] == old
    assert missing(models.requests[0].conversation, recording.expected()) == []


def test_a_chosen_id_is_that_of_a_session_in_each_directory(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(Pi)
    for directory in (cwd, cwd.parent):
        models.play(reply(ANSWER))
        run = program.command("--session-id", "tea.shop", *program.arguments(PROMPT, None), cwd=directory)
        assert run.status == 0, run.errors

    derived = sessions(program, "PI").values()

    assert {session.workspace for session in derived} == {str(cwd), str(cwd.parent)}
    assert {session.metadata["id"] for session in derived} == {"tea.shop"}
    assert (
        missing(resumed(program, models, "tea.shop", SECOND_PROMPT, cwd).conversation, [Expected("text", ANSWER)]) == []
    )


def test_the_conversation_is_read_once_and_in_order(recording: Recording) -> None:
    check_conversation(read(PiFormat(), recording), recording)


def test_a_reply_and_its_results_are_written_before_the_next_answer(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(Pi)

    with waiting(program, models, cwd):
        eventually(lambda: '"toolResult"' in stored(program), "The result is written")
        assert PROMPT in stored(program)
        assert FOREWORD in stored(program)
        assert ANSWER not in stored(program)

    assert ANSWER in stored(program)


def test_a_session_written_by_hand_is_continued(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(Pi)
    session_id = str(uuid.uuid4())
    folder = program.root / "sessions" / f"--{str(cwd).strip('/').replace('/', '-')}--"
    folder.mkdir(parents=True)
    (folder / f"2026-11-28T10-00-00-000Z_{session_id}.jsonl").write_bytes(by_hand.jsonl(_lines(session_id, cwd)))

    request = resumed(program, models, session_id, by_hand.NEXT_PROMPT, cwd)

    assert missing(request.conversation, by_hand.expected()) == []
    assert len(program.files()) == 1


def test_a_session_that_a_skill_began_is_named_by_what_was_typed(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(Pi)
    skill = program.root / "skills" / "brew" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: brew\ndescription: How to brew\n---\nBrew it for three minutes.\n", encoding="utf-8")
    models.play(reply(ANSWER))

    program.run("/skill:brew green tea", cwd)

    [session] = sessions(program, "PI").values()
    assert session.first_prompt == "/skill:brew green tea"
    [sent] = [item.text for item in models.requests[0].conversation if item.role == "user"]
    assert session.messages[session.live[0]].build() == [{"type": "text", "text": sent}]


def test_files_of_the_command_line_are_no_part_of_the_first_prompt(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(Pi)
    models.play(reply(ANSWER))

    run = program.command(*program.arguments("@prices.txt", None), PROMPT, cwd=cwd)

    assert run.status == 0, run.errors
    [session] = sessions(program, "PI").values()
    assert session.first_prompt == PROMPT
    assert PRICES in str(session.messages[session.live[0]].build())


def test_calls_of_a_script_are_shown_and_not_sent(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(Pi)
    script = Call(
        "codemode", {"code": "const file = 'prices' + '.txt'\nreturn (await tools.read({path: file})).length"}
    )
    models.play(reply(FOREWORD, script), reply(ANSWER))

    run = program.command("--tools", "+codemode", *program.arguments(PROMPT, None), cwd=cwd)

    assert run.status == 0, run.errors
    [session] = sessions(program, "PI").values()
    [_, _, result, _] = session.messages
    assert result.role == "TOOL"
    assert result.build()[-1]["text"] == 'Calls that the tool made:\nread: {"path":"prices.txt"}'
    assert not any("prices.txt" in item.text for item in models.requests[-1].conversation if item.role == "tool")


def test_edits_of_the_context_are_read_as_they_are_sent(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(Pi)
    extension = cwd.with_name("edits.ts")
    extension.write_text(_EDITS, encoding="utf-8")
    options = ["--extension", str(extension)]
    models.play(reply(FOREWORD, program.shell("cat prices.txt"), program.shell("cat nothing.txt")), reply(ANSWER))
    first = program.command(*options, *program.arguments(PROMPT, None), cwd=cwd)
    assert first.status == 0, first.errors
    [file] = program.files()
    models.play(reply(SECOND_ANSWER))
    second = program.command(*options, *program.arguments(SECOND_PROMPT, program.session_id(file)), cwd=cwd)
    assert second.status == 0, second.errors

    session = PiFormat().derive([StoredTranscript.found(one) for one in PiFormat().find(program.root).transcripts])

    assert session is not None
    sent = [item.text for item in models.requests[-1].conversation if item.role != "system"]
    assert sent[0] == "How much is it?"
    assert not any(PRICES in text for text in sent)
    blocks = [block for index in session.live for block in session.messages[index].build()]
    live = [block.get("text", block.get("content", block.get("input"))) for block in blocks]
    assert [text for text in live if isinstance(text, str)] == [
        *(text for text in sent if text[0] != "{"),
        SECOND_ANSWER,
    ]
    assert PRICES in str([message.build() for message in session.messages])


# What an extension does that shortens outputs: the first result and the prompt are replaced.
_EDITS = """
export default function (pi) {
  let done = false
  pi.on('turn_end', (event, ctx) => {
    if (done || event.toolResults.length === 0) return
    done = true
    const prompt = ctx.sessionManager.getBranch().find((entry) => entry.message?.role === 'user')
    return {
      entries: [
        ...event.entries,
        { type: 'context_edit', targetId: event.toolResultEntryIds[0], replacement: { content: 'a short one' } },
        { type: 'context_edit', targetId: prompt.id, replacement: { content: 'How much is it?' } },
      ],
    }
  })
}
"""


def _lines(session_id: str, cwd: Path) -> list[dict[str, Any]]:
    cost = dict.fromkeys(("input", "output", "cacheRead", "cacheWrite", "total"), 0)
    reply = {
        "role": "assistant",
        "api": "openai-completions",
        "provider": PROVIDER,
        "model": MODEL,
        "usage": {**dict.fromkeys(("input", "output", "cacheRead", "cacheWrite", "totalTokens"), 0), "cost": cost},
    }
    picture = {"type": "image", "mimeType": "image/png", "data": by_hand.PICTURE}
    call = {"type": "toolCall", "id": by_hand.CALL_ID, "name": by_hand.TOOL, "arguments": by_hand.INPUT}
    failed = {"type": "toolCall", "id": by_hand.FAILED_ID, "name": by_hand.TOOL, "arguments": by_hand.FAILED_INPUT}
    result = {"role": "toolResult", "toolName": by_hand.TOOL}
    written: list[dict[str, Any]] = [
        {"role": "user", "content": [{"type": "text", "text": by_hand.PROMPT}, picture]},
        {**reply, "content": [{"type": "text", "text": by_hand.FOREWORD}, call, failed], "stopReason": "toolUse"},
        {
            **result,
            "toolCallId": by_hand.CALL_ID,
            "content": [{"type": "text", "text": by_hand.RESULT}],
            "isError": False,
        },
        {
            **result,
            "toolCallId": by_hand.FAILED_ID,
            "content": [{"type": "text", "text": by_hand.FAILURE}],
            "isError": True,
        },
        {**reply, "content": [{"type": "text", "text": by_hand.ANSWER}], "stopReason": "stop"},
    ]
    lines: list[dict[str, Any]] = [
        {"type": "session", "version": 3, "id": session_id, "timestamp": by_hand.now(), "cwd": str(cwd)}
    ]
    for number, message in enumerate(written):
        entry = {
            "type": "message",
            "id": f"{number:08x}",
            "parentId": f"{number - 1:08x}" if number else None,
            "timestamp": by_hand.now(),
            "message": {**message, "timestamp": 1_795_860_000_000 + number},
        }
        lines.append(entry)
    return lines
