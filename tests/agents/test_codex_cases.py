"""Codex: rollouts of patches, pictures, interruptions and compactions."""

import base64
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.agents import by_hand
from tests.agents.conftest import Prepare
from tests.agents.model_server.conversation import Expected, missing
from tests.agents.model_server.script import Call, Usage, reply
from tests.agents.model_server.server import TITLE, ModelServer
from tests.agents.programs.codex import Codex
from tests.agents.reading import sessions
from tests.agents.recording import ANSWER, FOREWORD, PROMPT, SECOND_ANSWER, SECOND_PROMPT, eventually

PATCH = "*** Begin Patch\n*** Add File: note.md\n+Mint tea 2\n*** End Patch\n"
# A hook that changes each command.
HOOK = """\
import json
output = {"hookEventName": "PreToolUse", "permissionDecision": "allow", "updatedInput": {"command": "echo changed"}}
print(json.dumps({"hookSpecificOutput": output}))
"""
# The request for a summary has no tools.
SUMMARY = TITLE
CITATION = (
    "<oai-mem-citation>\n<citation_entries>\nMEMORY.md:1-2|note=[prices]\n</citation_entries>\n"
    "<rollout_ids>\n</rollout_ids>\n</oai-mem-citation>"
)


def payloads(program: Codex, kind: str) -> Iterator[dict[str, Any]]:
    [file] = program.files()
    return (line["payload"] for line in by_hand.lines(file) if line["type"] == kind)


def items(program: Codex, kind: str) -> list[dict[str, Any]]:
    return [payload for payload in payloads(program, "response_item") if payload["type"] == kind]


def test_a_patch_is_a_call_with_an_input_that_is_no_json(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(Codex)
    call = Call("apply_patch", PATCH)
    models.play(reply(call), reply(ANSWER))

    program.run(PROMPT, cwd)

    assert (cwd / "note.md").read_text(encoding="utf-8") == "Mint tea 2\n"
    [patch] = items(program, "custom_tool_call")
    [output] = items(program, "custom_tool_call_output")
    assert (patch["name"], patch["input"], patch["call_id"]) == ("apply_patch", PATCH, call.id)
    assert output["call_id"] == call.id
    assert "A note.md" in output["output"]


def test_what_the_model_cites_of_memories_is_not_shown_as_its_words(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(Codex)
    models.play(reply(f"{ANSWER}\n{CITATION}"))

    run = program.run(PROMPT, cwd)

    assert ANSWER in run.output
    assert CITATION not in run.output
    [session] = sessions(program, "CODEX").values()
    assert session.messages[-1].build() == [
        {"type": "text", "text": f"{ANSWER}\n"},
        {"type": "text", "text": CITATION, "is_injected": True},
    ]


def test_calls_that_the_program_answers_itself_have_failed(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(Codex)
    calls = [
        Call("apply_patch", PATCH.replace("Add File: note.md\n+", "Update File: prices.txt\n@@\n-No such line\n+")),
        Call("exec_command", {"command": "ls"}),
        Call("write_stdin", {"session_id": 99, "chars": "x"}),
        Call("view_image", {"path": "nothing.png"}),
        Call("view_image", {"path": "prices.txt"}),
        Call("view_image", {"path": str(cwd)}),
    ]
    models.play(*map(reply, calls), reply(ANSWER))

    program.run(PROMPT, cwd)

    [session] = sessions(program, "CODEX").values()
    results = [block for message in session.messages for block in message.build() if block["type"] == "tool_result"]
    assert [block["tool_use_id"] for block in results if block.get("is_error")] == [call.id for call in calls]


def test_calls_that_the_tools_for_agents_refuse_have_failed(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(Codex)
    with (program.root / "config.toml").open("a", encoding="utf-8") as config:
        config.write("[features]\nmulti_agent_v2 = true\n")
    refused = [
        _agents("send_message", target="nobody", message="x"),
        _agents("send_message", target="nobody", message=""),
        _agents("followup_task", target="/root", message="x"),
        _agents("interrupt_agent", target="/root"),
        _agents("list_agents", path_prefix="/nowhere"),
        _agents("spawn_agent", task_name="Not a name", message="x"),
        _agents("spawn_agent", task_name="list", message="x", agent_type="nobody"),
        _agents("spawn_agent", task_name="list", message="x", fork_turns="some"),
        _agents("spawn_agent", task_name="list", message="x", model="none"),
    ]
    models.play(reply(_agents("list_agents"), *refused), reply(ANSWER))

    program.run(PROMPT, cwd)

    [session] = sessions(program, "CODEX").values()
    results = [block for message in session.messages for block in message.build() if block["type"] == "tool_result"]
    assert len(results) == 1 + len(refused)
    assert [block["tool_use_id"] for block in results if block.get("is_error")] == [call.id for call in refused]


def _agents(name: str, **given: str) -> Call:
    return Call(name, given, namespace="collaboration")


def test_the_command_that_a_hook_puts_in_place_of_another_is_shown(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program, script = prepare(Codex), cwd.parent / "hook.py"
    script.write_text(HOOK, encoding="utf-8")
    hook = {"hooks": [{"type": "command", "command": f"python3 {script}"}]}
    (program.root / "hooks.json").write_text(json.dumps({"hooks": {"PreToolUse": [hook]}}), encoding="utf-8")
    models.play(reply(program.shell("cat prices.txt")), reply(ANSWER))
    command, *arguments = program.arguments(PROMPT, None)

    run = program.command(command, "--dangerously-bypass-hook-trust", *arguments, cwd=cwd)

    assert run.status == 0, run.errors
    [session] = sessions(program, "CODEX").values()
    blocks = [block for message in session.messages for block in message.build()]
    [call] = [block for block in blocks if block["type"] == "tool_use"]
    [result] = [block for block in blocks if block["type"] == "tool_result"]
    assert call["input"] == {"cmd": "cat prices.txt"}
    assert str(result["content"]).endswith("Output:\nchanged\n")
    assert {"type": "text", "text": "Command that ran: echo changed", "is_injected": True} in blocks


def test_a_picture_is_between_marks_before_its_prompt(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program, picture = prepare(Codex), cwd / "dot.png"
    picture.write_bytes(base64.b64decode(by_hand.PICTURE))
    models.play(reply(ANSWER))
    command, *options, prompt = program.arguments(PROMPT, None)

    run = program.command(command, *options, "--image", str(picture), "--", prompt, cwd=cwd)

    assert run.status == 0, run.errors
    content = next(
        message["content"]
        for message in items(program, "message")
        if PROMPT in str(message) and message["role"] == "user"
    )
    kinds = [part["type"] for part in content]
    assert kinds == ["input_text", "input_image", "input_text", "input_text"]
    assert content[0]["text"].startswith("<image name=[Image #1]")
    assert content[1]["image_url"].startswith("data:image/png;base64,")
    assert (content[2]["text"], content[3]["text"]) == ("</image>", PROMPT)


def test_an_interrupted_call_is_answered_and_the_turn_aborted(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(Codex)
    models.play(reply(FOREWORD, program.shell("sleep 60")))

    with program.start(program.arguments(PROMPT, None), cwd) as running:
        eventually(lambda: "sleep 60" in "".join(map(Path.read_text, program.files())), "The call is written")
        running.process.send_signal(signal.SIGINT)
        running.ended()

    [output] = items(program, "function_call_output")
    events = [event["type"] for event in payloads(program, "event_msg")]
    texts = [str(message["content"]) for message in items(program, "message") if message["role"] == "user"]
    assert "aborted" in output["output"]
    assert "turn_aborted" in events
    assert "task_complete" not in events
    assert "<turn_aborted>" in texts[-1]


def test_a_compaction_is_a_line_with_the_history_that_replaces_what_was_before(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(Codex)
    with (program.root / "config.toml").open("r+", encoding="utf-8") as config:
        settings = config.read()
        config.seek(0)
        config.write(f"model_auto_compact_token_limit = 2000\n{settings}")
    models.play(reply(ANSWER, usage=Usage(input=200_000)))
    program.run(PROMPT, cwd)
    [file] = program.files()
    before = file.read_bytes()
    models.play(reply(SECOND_ANSWER))

    program.run(SECOND_PROMPT, cwd, resume=program.session_id(file))

    [compacted] = payloads(program, "compacted")
    texts = [part["text"] for item in compacted["replacement_history"] for part in item.get("content", ())]
    assert file.read_bytes().startswith(before)
    assert SUMMARY in compacted["message"]
    assert PROMPT in texts
    assert ANSWER not in texts
    sent = models.requests[-1].conversation
    assert missing(sent, [Expected("text", SUMMARY), Expected("text", SECOND_PROMPT)]) == []
    assert missing(sent, [Expected("text", ANSWER)]) != []
