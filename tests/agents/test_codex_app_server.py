"""Codex as a server for editors: what clients add to threads, forks at a turn, compactions by the provider, and
rollouts that it compresses.
"""

import os
import subprocess
import sys
import wave
from pathlib import Path

from storage.documents.derived_session import FORK
from storage.handoff.conversation import Call, Text
from storage.handoff.handoff import make_handoff
from storage.handoff.losses import COMPACTION
from tests.agents.conftest import Prepare
from tests.agents.model_server.conversation import Expected, missing
from tests.agents.model_server.openai_responses import ENCRYPTED
from tests.agents.model_server.script import reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.app_server import app_server
from tests.agents.programs.codex import Codex
from tests.agents.reading import sessions, unsent
from tests.agents.recording import ANSWER, FOREWORD, PROMPT, SECOND_ANSWER, SECOND_PROMPT, eventually, resumed
from tests.support.handoffs import conversation_of

OPEN_FILE, RULE, TYPED = "menu.txt is open.", "Sell no coffee.", "typed by the person"
ITEMS = {"user": "The shop opens at nine.", "assistant": "I know."}
STEERED = "Only the green one."
PLAN = "# Sell tea\n1. Boil water."
# Older than what the program leaves alone.
OLD = 100 * 24 * 3600


def test_what_a_client_adds_to_a_thread_is_read_as_it_is_sent(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(Codex)
    context = {"editor": {"kind": "untrusted", "value": OPEN_FILE}, "rules": {"kind": "application", "value": RULE}}
    kinds = {"user": "input_text", "assistant": "output_text"}
    items = [
        {"type": "message", "role": role, "content": [{"type": kinds[role], "text": text}]}
        for role, text in ITEMS.items()
    ]
    models.play(reply(FOREWORD, program.shell("cat prices.txt")), reply(ANSWER), reply(SECOND_ANSWER))
    models.play(reply(program.shell("sleep 2")), reply("Two."), reply("In the fork."))
    with app_server(program, cwd) as server:
        settings = {"cwd": str(cwd), "approvalPolicy": "never", "sandbox": "danger-full-access"}
        thread_id = server.call("thread/start", settings)["thread"]["id"]
        server.turn(thread_id, PROMPT)
        server.call("thread/shellCommand", {"threadId": thread_id, "command": f"echo {TYPED}"})
        eventually(lambda: TYPED in program.files()[0].read_text("utf-8"), "The output is written")
        server.call("thread/inject_items", {"threadId": thread_id, "items": items})
        server.turn(thread_id, SECOND_PROMPT, additionalContext=context)
        turn = server.call("turn/start", {"threadId": thread_id, "input": [{"type": "text", "text": "And tea?"}]})
        # Words that come before the reply make the program ask for another one.
        eventually(lambda: "sleep 2" in program.files()[0].read_text("utf-8"), "The call is written")
        steer = {"threadId": thread_id, "expectedTurnId": turn["turn"]["id"]}
        server.call("turn/steer", {**steer, "input": [{"type": "text", "text": STEERED}]})
        server.wait_for("turn/completed")
        fork = {"threadId": thread_id, "beforeTurnId": turn["turn"]["id"], "attachToSource": True}
        fork_id = server.call("thread/fork", fork)["thread"]["id"]
        server.turn(fork_id, "Elsewhere.")

    request = resumed(program, models, thread_id, "Again?", cwd)
    found = sessions(program, "CODEX")
    session, forked = found[thread_id], found[fork_id]
    assert unsent(session, request) == []
    assert unsent(forked, models.requests[5]) == []
    assert (forked.kind, forked.parent_id, forked.usage.output) == (FORK, thread_id, 34)
    assert missing(request.conversation, [Expected("result", OPEN_FILE), Expected("text", RULE)]) == []
    prompts = [
        block["text"]
        for message in session.messages
        if message.role == "USER"
        for block in message.build()
        if not block.get("is_injected")
    ]
    assert prompts == [PROMPT, ITEMS["user"], SECOND_PROMPT, "And tea?", STEERED, "Again?"]
    added = [str(block) for message in session.messages if message.is_injected for block in message.build()]
    assert all(any(text in block for block in added) for text in (OPEN_FILE, RULE, TYPED))
    assert sum(TYPED in block for block in added) == 1
    results = [block for message in session.messages if message.role == "TOOL" for block in message.build()]
    assert [bool(result["tool_use_id"]) for result in results] == [True, True]


def test_a_plan_that_was_approved_is_a_prompt_of_its_new_thread(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(Codex)
    models.play(reply(ANSWER))
    with app_server(program, cwd) as server:
        thread_id = server.call("thread/start", {"cwd": str(cwd)})["thread"]["id"]
        prompt = server.call("thread/prepareApprovedPlan", {"threadId": thread_id, "markdown": PLAN})["prompt"]
        server.turn(thread_id, prompt)

    sent = [Expected("result", PLAN), Expected("text", prompt, "user")]
    assert missing(models.requests[0].conversation, sent) == []
    session = sessions(program, "CODEX")[thread_id]
    live = [session.messages[index] for index in session.live]
    texts = [block["text"] for message in live if not message.is_injected for block in message.build()]
    assert texts == [PLAN, prompt, ANSWER]
    assert session.first_prompt == PLAN


def test_a_conversation_that_the_provider_compacted_is_handed_over_whole(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(Codex)
    config = program.root / "config.toml"
    # The program lets this provider compact.
    config.write_text(config.read_text("utf-8").replace('name = "scripted"', 'name = "OpenAI"'), "utf-8")
    models.play(reply(FOREWORD, program.shell("cat prices.txt")), reply(ANSWER))
    program.run(PROMPT, cwd)
    [file] = program.files()
    thread_id = program.session_id(file)
    models.play(reply(), reply(SECOND_ANSWER))
    with app_server(program, cwd) as server:
        server.call("thread/resume", {"threadId": thread_id})
        server.call("thread/compact/start", {"threadId": thread_id})
        server.wait_for("turn/completed")
        server.turn(thread_id, SECOND_PROMPT)

    sent = models.requests[-1].conversation
    assert (
        missing(sent, [Expected("text", PROMPT), Expected("other", ENCRYPTED), Expected("text", SECOND_PROMPT)]) == []
    )
    assert ANSWER not in str(sent)
    conversation = conversation_of(sessions(program, "CODEX")[thread_id])
    handed = make_handoff(conversation, "CLAUDE_CODE", None).prepared
    parts = [part for message in handed.messages for part in message.parts]
    assert [part.text if isinstance(part, Text) else type(part) for part in parts] == [
        *(PROMPT, FOREWORD, Call, ANSWER),
        *(SECOND_PROMPT, SECOND_ANSWER),
    ]
    assert [loss.count for loss in handed.losses.listed() if loss.code == COMPACTION] == [1]


def test_recordings_and_tools_of_the_client_are_read_as_they_are_sent(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program, recording = prepare(Codex), cwd / "order.wav"
    with wave.open(str(recording), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(800))
    models.play(reply(ANSWER), reply(SECOND_ANSWER))
    with app_server(program, cwd) as server:
        thread_id = server.call("thread/start", {"cwd": str(cwd)})["thread"]["id"]
        spoken = [{"type": "localAudio", "path": str(recording)}, {"type": "text", "text": PROMPT}]
        server.call("turn/start", {"threadId": thread_id, "input": spoken})
        server.wait_for("turn/completed")
        told = {"name": "timer", "output": "The timer rang.", "retain": True}
        server.call("turn/start", {"threadId": thread_id, "input": [], "toolOutput": told})
        server.wait_for("turn/completed")

    session = sessions(program, "CODEX")[thread_id]
    assert session.first_prompt == PROMPT
    own = [block for message in session.messages if not message.is_injected for block in message.build()]
    assert sorted(str(block["type"]) for block in own) == ["input_audio", "text", "text", "text"]
    assert [str(message.build()).count("The timer rang.") for message in session.messages].count(1) == 1
    assert missing(models.requests[-1].conversation, [Expected("result", "The timer rang.")]) == []


def test_a_thread_that_was_resumed_elsewhere_is_where_the_program_reads_it(
    prepare: Prepare, models: ModelServer, cwd: Path, tmp_path: Path
) -> None:
    program, elsewhere = prepare(Codex), tmp_path / "elsewhere"
    elsewhere.mkdir()
    models.play(reply(ANSWER))
    program.run(PROMPT, cwd)
    [file] = program.files()
    thread_id = program.session_id(file)
    resumed(program, models, thread_id, SECOND_PROMPT, elsewhere)

    with app_server(program, cwd) as server:
        read = server.call("thread/read", {"threadId": thread_id})["thread"]

    assert sessions(program, "CODEX")[thread_id].workspace == read["cwd"] == str(elsewhere)


def test_rollouts_that_the_program_compressed_are_the_same_sessions(
    prepare: Prepare, models: ModelServer, cwd: Path, tmp_path: Path
) -> None:
    program, database = prepare(Codex), f"sqlite:///{tmp_path / 'sessions.db'}"

    def reprise(*arguments: str) -> bytes:
        environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "REPRISE_DATABASE_URL": database}
        command = [str(Path(sys.executable).parent / "reprise"), *arguments]
        return subprocess.run(command, check=True, env=environment, capture_output=True, timeout=120).stdout

    models.play(reply(FOREWORD, program.shell("cat prices.txt")), reply(ANSWER), reply("In the fork."))
    program.run(PROMPT, cwd)
    [file] = program.files()
    session_id = program.session_id(file)
    fork = program.command("exec", "fork", "--skip-git-repo-check", session_id, "Elsewhere.", cwd=cwd)
    assert fork.status == 0, fork.errors
    assert b"2 created" in reprise("import", str(program.root))
    exported = reprise("export", session_id)
    assert exported == file.read_bytes()

    for rollout in program.files():
        age = rollout.stat().st_mtime - OLD
        os.utime(rollout, (age, age))
    with app_server(program, cwd, "--enable", "local_thread_store_compression") as server:
        server.call("rollout/compress", None)
        eventually(lambda: program.files() == [], "All rollouts are compressed")
    assert b"2 unchanged" in reprise("import", str(program.root))
    assert reprise("export", session_id) == exported

    resumed(program, models, session_id, SECOND_PROMPT, cwd)
    assert b"1 updated, 1 unchanged" in reprise("import", str(program.root))
    assert reprise("export", session_id) == file.read_bytes()
    assert file.read_bytes().startswith(exported)
