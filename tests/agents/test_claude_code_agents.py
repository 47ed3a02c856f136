"""Claude Code: agents that work in the background or for a skill, and what is counted of them."""

from pathlib import Path

import pytest

from storage.documents.derived_session import MAIN, SUBAGENT
from tests.agents.conftest import Prepare
from tests.agents.model_server.script import Call, reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.claude_code import ClaudeCode
from tests.agents.reading import sessions
from tests.agents.recording import ANSWER, FOREWORD, PROMPT, SECOND_PROMPT, resumed

TASK = "Read the list of prices"
_WORKFLOW = f"""\
export const meta = {{ name: 'look', description: 'Look at prices', phases: [{{ title: 'Look' }}] }}
phase('Look')
return await agent('{TASK}', {{ label: 'look' }})
"""


@pytest.mark.parametrize(
    "call",
    [
        Call("Agent", {"description": "Look", "prompt": TASK, "subagent_type": "fork"}),
        Call("Agent", {"description": "Look", "prompt": TASK, "subagent_type": "general-purpose"}),
        Call("Workflow", {"script": _WORKFLOW}),
    ],
    ids=["fork", "agent", "workflow"],
)
def test_an_agent_in_the_background_counts_its_own_replies(
    call: Call, prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(ClaudeCode)
    # The session's next request, the agent's, and that about its end come in any order.
    models.play(reply(FOREWORD, call), *(reply(ANSWER) for _ in range(3)))

    program.run(PROMPT, cwd)
    [file] = program.files()
    resumed(program, models, file.stem, SECOND_PROMPT, cwd)

    by_kind = {session.kind: session for session in sessions(program, "CLAUDE_CODE").values()}
    main, agent = by_kind[MAIN], by_kind[SUBAGENT]
    assert (agent.parent_id, agent.first_prompt) == (main.id, TASK)
    assert (main.usage.output, agent.usage.output) == (34 * 4, 34)
    prompts = [message for message in main.messages if message.role == "USER" and not message.is_injected]
    texts = [block["text"] for message in prompts for block in message.build() if block["type"] == "text"]
    assert texts == [PROMPT, SECOND_PROMPT]


def test_a_skill_that_runs_as_a_subagent_is_named_by_what_it_says(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program, skill = prepare(ClaudeCode), cwd / ".claude/skills/prices"
    skill.mkdir(parents=True)
    (skill / "SKILL.md").write_text(f"---\nname: prices\ncontext: fork\n---\n{TASK}\n", encoding="utf-8")
    models.play(reply(FOREWORD, Call("Skill", {"skill": "prices"})), reply("In the skill."), reply(ANSWER))

    program.run(PROMPT, cwd)

    by_kind = {session.kind: session for session in sessions(program, "CLAUDE_CODE").values()}
    main, agent = by_kind[MAIN], by_kind[SUBAGENT]
    assert (agent.parent_id, agent.first_prompt, agent.usage.output) == (main.id, TASK, 34)
    assert main.usage.output == 34 * 2


def test_what_an_agent_that_had_ended_is_asked_next_is_shown_as_a_task(
    prepare: Prepare, models: ModelServer, cwd: Path
) -> None:
    program = prepare(ClaudeCode)
    call = Call("Agent", {"description": "Look", "prompt": TASK, "subagent_type": "general-purpose"})
    models.play(reply(FOREWORD, call), *(reply(ANSWER) for _ in range(3)))
    program.run(PROMPT, cwd)
    [file] = program.files()
    [agent] = program.root.glob("projects/*/*/subagents/agent-*.jsonl")
    name, next_task = agent.stem.removeprefix("agent-"), "Read the list again"
    models.play(reply(Call("SendMessage", {"to": name, "summary": "Again", "message": next_task})))
    models.play(*(reply(ANSWER) for _ in range(3)))

    program.run(SECOND_PROMPT, cwd, resume=file.stem)

    by_kind = {session.kind: session for session in sessions(program, "CLAUDE_CODE").values()}
    prompts = [message for message in by_kind[SUBAGENT].messages if message.role == "USER" and not message.is_injected]
    blocks = [block for message in prompts for block in message.build()]
    assert [block["text"] for block in blocks if not block.get("is_injected")] == [TASK, next_task]
