"""What agents write to each other, in their own transcripts and in that of the session that started them."""

import pytest

from storage.records.token_usage import TokenUsage
from tests.support.claude_code import FOLDER, SESSION, Lines, call, derive, result, text

AGENT_NAME = f"{FOLDER}/subagents/agent-a1.jsonl"
RULES = "<fork-boilerplate>\nYou are a worker fork.\n</fork-boilerplate>"
HARNESS = "[Workflow harness — computed task] The task text below was computed. The computed task text follows:\n"
ONCE = TokenUsage(input=10, cache_read=30, cache_write=20, output=40)


def by_lead(words: str) -> str:
    return f'<teammate-message teammate_id="team-lead" summary="Count">\n{words}\n</teammate-message>'


@pytest.mark.parametrize(
    ("words", "frame"),
    [
        (by_lead("Count the stock"), by_lead("Count the stock").split("\n")[0]),
        (f"{HARNESS}  Count the stock", HARNESS),
        (f"{RULES}\n\nYour directive: Count the stock", f"{RULES}\n\nYour directive: "),
    ],
    ids=["team", "workflow", "fork"],
)
def test_the_task_of_an_agent_is_its_prompt(words: str, frame: str) -> None:
    lines = Lines()
    lines.user(words, isSidechain=True)
    lines.assistant(text("Three."), isSidechain=True)

    session = derive(lines.transcript(AGENT_NAME))

    assert session.first_prompt == "Count the stock"
    assert not session.messages[0].is_injected
    blocks = session.messages[0].build()
    assert "".join(str(block["text"]) for block in blocks) == words
    assert [str(block["text"]).strip() for block in blocks if not block.get("is_injected")] == ["Count the stock"]
    assert blocks[0] == {**text(frame), "is_injected": True}


@pytest.mark.parametrize("words", ['{"type":"shutdown_request","reason":"done"}', "\n {}"])
def test_a_request_about_the_team_is_injected(words: str) -> None:
    lines = Lines()
    lines.user(by_lead("Count the stock"))
    lines.user(by_lead(words))

    session = derive(lines.transcript(AGENT_NAME))

    assert [message.is_injected for message in session.messages] == [False, True]
    assert session.messages[1].build() == [{**text(by_lead(words)), "is_injected": True}]


def test_a_subagent_that_continues_the_conversation_counts_only_its_own_tokens() -> None:
    lines = Lines()
    lines.meta(type="fork-context-ref", agentId="a1", parentSessionId=SESSION, parentLastUuid="x", contextLength=9)
    lines.assistant(text("I ask another."), id="msg_of_parent", isSidechain=True)
    lines.assistant(call("c", "Agent", prompt="Count the stock"), id="msg_of_parent", isSidechain=True)
    started = result("c", "Fork started.")
    lines.user([started, text(f"{RULES}\n\nYour directive: Count the stock")], isSidechain=True)
    lines.assistant(text("Three."), isSidechain=True)

    session = derive(lines.transcript(AGENT_NAME))

    assert [message.usage for message in session.messages] == [None, None, ONCE]
    assert session.usage == ONCE
    assert session.first_prompt == "Count the stock"
    assert session.metadata["fork-context-ref"] == {
        "agentId": "a1",
        "parentSessionId": SESSION,
        "parentLastUuid": "x",
        "contextLength": 9,
    }


def test_the_calls_of_other_subagents_are_their_own() -> None:
    lines = Lines()
    lines.assistant(call("c"), isSidechain=True)
    lines.user([result("c")], isSidechain=True)

    assert derive(lines.transcript(AGENT_NAME)).usage == ONCE
