"""Agents that a session started: a review of Codex, and a task of OpenCode that is resumed."""

import json
import subprocess
from pathlib import Path

from storage.documents.derived_session import MAIN, SUBAGENT
from tests.agents.conftest import Prepare
from tests.agents.model_server.script import Call, reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.codex import Codex
from tests.agents.programs.opencode import OpenCode
from tests.agents.reading import sessions, unsent
from tests.agents.recording import ANSWER, PROMPT, SECOND_ANSWER, SECOND_PROMPT, resumed

_FINDING = {"title": "The price is wrong", "body": "Mint tea costs 2.", "confidence_score": 0.9, "priority": 1}
TASK, SECOND_TASK = "Read the list.", "Look for black tea."


def test_codex_goes_on_from_what_a_review_found(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(Codex)
    subprocess.run(["git", "init", "-q"], cwd=cwd, check=True)
    place = {"absolute_file_path": str(cwd / "prices.txt"), "line_range": {"start": 1, "end": 1}}
    found: dict[str, object] = {
        "findings": [{**_FINDING, "code_location": place}],
        "overall_correctness": "patch is incorrect",
    }
    found |= {"overall_explanation": "One price is wrong.", "overall_confidence_score": 0.8}
    models.play(reply(program.shell("cat prices.txt")), reply(json.dumps(found)))

    review = program.command("exec", "review", "--uncommitted", cwd=cwd)
    assert review.status == 0, review.errors
    by_kind = {session.kind: session for session in sessions(program, "CODEX").values()}
    request = resumed(program, models, by_kind[MAIN].id, SECOND_PROMPT, cwd)

    reviewed = sessions(program, "CODEX")[by_kind[MAIN].id]
    assert by_kind[SUBAGENT].parent_id == reviewed.id
    assert unsent(reviewed, request) == []
    live = [str(block) for index in reviewed.live for block in reviewed.messages[index].build()]
    assert any("One price is wrong." in text and "The price is wrong" in text for text in live)
    # The reviewer's replies are its own.
    assert (reviewed.usage.output, by_kind[SUBAGENT].usage.output) == (34, 68)


def test_a_task_of_opencode_goes_on_in_its_session(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(OpenCode)
    task = {"description": "Read it", "subagent_type": "general"}
    models.play(reply(Call("task", {**task, "prompt": TASK})), reply("It has mint."), reply(ANSWER))
    program.run(PROMPT, cwd)
    by_kind = {session.kind: session for session in sessions(program, "OPENCODE").values()}
    parent, child = by_kind[MAIN].id, by_kind[SUBAGENT].id
    again = Call("task", {**task, "prompt": SECOND_TASK, "task_id": child})
    models.play(reply(again), reply("It has none."), reply(SECOND_ANSWER))
    program.run(SECOND_PROMPT, cwd, resume=parent)

    requests = {id: resumed(program, models, id, "Thanks.", cwd) for id in (parent, child)}

    found = sessions(program, "OPENCODE")
    assert set(found) == {parent, child}
    assert {id: unsent(session, requests[id]) for id, session in found.items()} == {parent: [], child: []}
    said = [block["text"] for message in found[child].messages for block in message.build() if block["type"] == "text"]
    assert said[:4] == [TASK, "It has mint.", SECOND_TASK, "It has none."]
    assert [found[id].usage.output for id in (parent, child)] == [5 * 34, 3 * 34]
