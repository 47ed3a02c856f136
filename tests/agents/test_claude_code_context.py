"""Claude Code: what the model gets beside the conversation, commands, and what forks cost."""

import base64
import json
from pathlib import Path

import pytest

from storage.documents.derived_session import FORK, DerivedSession
from storage.documents.formats.blocks import Block
from tests.agents import by_hand
from tests.agents.conftest import Prepare
from tests.agents.model_server.conversation import Expected, missing
from tests.agents.model_server.script import reply
from tests.agents.model_server.server import ModelServer, Request
from tests.agents.programs.claude_code import MODEL, ClaudeCode
from tests.agents.programs.program import PATIENCE
from tests.agents.reading import sessions, unsent
from tests.agents.recording import ANSWER, FOREWORD, PRICES, PROMPT, SECOND_ANSWER, SECOND_PROMPT, eventually, resumed

# A hook that adds a text to each call, with the command in it.
_HOOK = """\
import json, sys
given = json.load(sys.stdin)
name, command = given["hook_event_name"], given["tool_input"]["command"]
output = {"hookEventName": name, "additionalContext": f"{name} of {command}"}
print(json.dumps({"hookSpecificOutput": output}))
"""
_FAILED, _HURRY = "The tests failed.", "Hurry."
_SKILL = "---\nname: brew\ndescription: How to brew tea\n---\nBrew it for three minutes.\n"


def added_to(
    program: ClaudeCode, models: ModelServer, prompt: str, cwd: Path
) -> tuple[DerivedSession, Request, list[Block]]:
    """A new session that was resumed, all of whose live messages were sent; the request; the blocks added to it."""
    program.run(prompt, cwd)
    [file] = program.files()
    request = resumed(program, models, file.stem, SECOND_PROMPT, cwd)
    session = sessions(program, "CLAUDE_CODE")[file.stem]
    assert unsent(session, request) == []
    live = [session.messages[index] for index in session.live]
    return session, request, [block for message in live if message.is_injected for block in message.build()]


def test_what_hooks_and_mentions_add_is_read_as_it_is_sent(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(ClaudeCode)
    (cwd / "CLAUDE.md").write_text("Sell no coffee.\n", encoding="utf-8")
    (cwd / "dot.png").write_bytes(base64.b64decode(by_hand.PICTURE))
    (cwd / "hook.py").write_text(_HOOK, encoding="utf-8")
    hooks = {event: [_hook("python3 hook.py")] for event in ("PreToolUse", "PostToolUse")}
    hooks |= {event: [_hook(f"echo From {event}")] for event in ("SessionStart", "UserPromptSubmit")}
    (program.root / "settings.json").write_text(json.dumps({"hooks": hooks}), encoding="utf-8")
    first, second = "cat prices.txt", "sleep 0.3; cat prices.txt"
    models.play(reply(FOREWORD, program.shell(first), program.shell(second)), reply(ANSWER))

    session, request, added = added_to(program, models, "What does mint tea cost, in @prices.txt and @dot.png?", cwd)

    texts = "\n".join(str(block["text"]) for block in added if block["type"] == "text")
    at_start = ["From SessionStart", PRICES, "From UserPromptSubmit", "Sell no coffee."]
    of_calls = [f"{event} of {command}" for command in (first, second) for event in ("PreToolUse", "PostToolUse")]
    words = [*at_start, *of_calls]
    # The calls run at once: what hooks say of one may stand within what they say of the other.
    for in_order in ([*at_start, *of_calls[:2]], [*at_start, *of_calls[2:]]):
        places = [texts.index(one) for one in in_order]
        assert places == sorted(places)
    assert [texts.count(one) for one in of_calls] == [1] * 4
    assert [block["type"] for block in added if block["type"] != "text"] == ["image"]
    assert [missing(request.conversation, [Expected("text", one)]) for one in words] == [[]] * len(words)
    assert missing(request.conversation, [Expected("image", by_hand.PICTURE)]) == []
    assert str(session.first_prompt).startswith("What does mint tea cost")


def test_a_notebook_that_a_prompt_mentions_is_read_as_it_is_sent(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(ClaudeCode)
    data = {"text/plain": ["A cup"], "image/png": by_hand.PICTURE}
    drawn = {"output_type": "display_data", "data": data, "metadata": {}}
    code = {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": ["draw()"], "outputs": [drawn]}
    note = {"cell_type": "markdown", "metadata": {}, "source": ["The end."]}
    notebook = {"cells": [code, note], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (cwd / "cups.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    models.play(reply(ANSWER))

    _, request, added = added_to(program, models, "What is drawn in @cups.ipynb?", cwd)

    assert [block.get("text") for block in added] == ["draw()", "A cup", None, "The end."]
    sent = [Expected("text", "draw()"), Expected("image", by_hand.PICTURE), Expected("text", "The end.")]
    assert missing(request.conversation, sent) == []
    assert [block["type"] for block in added] == ["text", "text", "image", "text"]


def test_what_a_client_says_on_its_own_while_a_turn_runs_is_not_the_persons(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(ClaudeCode)
    models.play(reply(program.shell("until [ -e go ]; do sleep 0.1; done")), reply(ANSWER))
    options = ["--print", "--model", MODEL, "--dangerously-skip-permissions", "--verbose"]
    streams = ["--input-format", "stream-json", "--output-format", "stream-json"]
    with program.connected([*options, *streams], cwd) as process:
        assert process.stdin is not None
        for text, marks in ((PROMPT, {}), (_FAILED, {"isSynthetic": True}), (_HURRY, {})):
            message = {"role": "user", "content": text}
            process.stdin.write(json.dumps({"type": "user", "message": message, **marks}) + "\n")
            process.stdin.flush()
            models.wait_for(1)
        eventually(lambda: _HURRY in "".join(map(Path.read_text, program.files())), "The words are in the queue")
        (cwd / "go").touch()
        process.communicate(timeout=PATIENCE)

    [file] = program.files()
    session = sessions(program, "CLAUDE_CODE")[file.stem]
    said = {str(block["text"]): message for message in session.messages for block in message.build() if "text" in block}
    assert [said[text].is_injected for text in (PROMPT, _FAILED, _HURRY)] == [False, True, False]
    sent = models.requests[-1].conversation
    assert [missing(sent, [Expected("text", text)]) for text in (_FAILED, _HURRY)] == [[], []]


def test_a_session_that_a_skill_began_is_named_by_what_was_typed(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(ClaudeCode)
    skill = cwd / ".claude" / "skills" / "brew" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text(_SKILL, encoding="utf-8")
    models.play(reply(ANSWER))

    program.run("/brew green tea", cwd)
    [file] = program.files()
    request = resumed(program, models, file.stem, SECOND_PROMPT, cwd)

    session = sessions(program, "CLAUDE_CODE")[file.stem]
    assert session.first_prompt == "/brew green tea"
    assert unsent(session, request) == []
    assert missing(request.conversation, [Expected("text", "Brew it for three minutes.", "user")]) == []


def test_the_costs_of_forks_add_up(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(ClaudeCode)
    models.play(*(reply(SECOND_ANSWER) for _ in range(6)))
    program.run("One", cwd)
    [file] = program.files()
    program.run("Two", cwd, resume=file.stem)
    fork = _fork(program, file, cwd)
    program.run("In the fork", cwd, resume=fork.stem)
    program.run("In the source", cwd, resume=file.stem)
    of_fork = _fork(program, fork, cwd)

    derived = sessions(program, "CLAUDE_CODE")
    requests = {one.stem: derived[one.stem].usage.output / 34 for one in (file, fork, of_fork)}
    costs = {one.stem: derived[one.stem].recorded_cost for one in (file, fork, of_fork)}

    assert list(requests.values()) == [3, 2, 1]
    assert [derived[one.stem].kind for one in (fork, of_fork)] == [FORK, FORK]
    cost = costs[of_fork.stem]
    assert cost is not None
    assert costs == pytest.approx({id: cost * count for id, count in requests.items()})


def _fork(program: ClaudeCode, file: Path, cwd: Path) -> Path:
    """Fork a session, with one prompt more. Returns the file of the fork."""
    known = set(program.files())
    run = program.command("--fork-session", *program.arguments("Elsewhere", file.stem), cwd=cwd)
    assert run.status == 0, run.errors
    [made] = set(program.files()) - known
    return made


def _hook(command: str) -> dict[str, object]:
    return {"hooks": [{"type": "command", "command": command}]}
