"""Sessions that come from others: forks begin with a copy, subagents do a part of the work."""

import pytest

from storage.documents.derived_session import FORK, MAIN, SUBAGENT
from storage.records.token_usage import TokenUsage
from tests.support.claude_code import (
    FOLDER,
    FORMAT,
    NAME,
    OTHER_SESSION,
    SESSION,
    Lines,
    call,
    derive,
    result,
    shown,
    text,
)

ONCE = TokenUsage(input=10, cache_read=30, cache_write=20, output=40)
FORK_NAME = f"projects/-home-dev-shop/{OTHER_SESSION}.jsonl"
AGENT_NAME = f"{FOLDER}/subagents/agent-a1.jsonl"
META_NAME = f"{FOLDER}/subagents/agent-a1.meta.json"


def parent() -> Lines:
    lines = Lines()
    lines.user("Begin")
    lines.assistant(text("Begun."))
    return lines


def fork(**marks: object) -> Lines:
    """The parent's lines with the fork's id, and a turn of its own."""
    lines = Lines(OTHER_SESSION)
    lines.lines = [{**line, "sessionId": OTHER_SESSION, **marks} for line in parent().lines]
    lines.user("Go on", parentUuid="line-1", uuid="own-1")
    lines.assistant(text("Going."), id="own", uuid="own-2")
    return lines


@pytest.mark.parametrize(
    "marks",
    [{"requestSessionId": SESSION}, {"forkedFrom": {"sessionId": SESSION, "messageUuid": "x"}}, {"sessionId": SESSION}],
)
def test_a_fork_names_its_parent_and_counts_only_its_own_tokens(marks: dict[str, object]) -> None:
    session = derive(fork(**marks).transcript(FORK_NAME))

    assert (session.id, session.kind, session.parent_id) == (OTHER_SESSION, FORK, SESSION)
    assert session.usage == ONCE
    assert [message.usage for message in session.messages] == [None, None, None, ONCE]
    assert session.live == [0, 1, 2, 3]


def test_a_fork_counts_no_line_that_its_parent_has() -> None:
    lines = fork()
    lines.lines[0]["forkedFrom"] = {"sessionId": SESSION}

    alone = derive(lines.transcript(FORK_NAME))
    beside = derive(lines.transcript(FORK_NAME, bases={SESSION: parent().transcript()}))

    assert (alone.kind, beside.kind) == (FORK, FORK)
    assert alone.usage == ONCE.plus(ONCE)
    assert beside.usage == ONCE


def test_a_fork_of_a_fork_names_the_nearer_one() -> None:
    nearer = "77777777-2222-4333-8444-555555555555"
    lines = fork(requestSessionId=SESSION)
    lines.lines[-1]["requestSessionId"] = nearer
    lines.user("Third")

    assert derive(lines.transcript(FORK_NAME)).parent_id == nearer


def test_a_file_under_another_name_is_a_session_of_its_own() -> None:
    session = derive(parent().transcript(FORK_NAME))

    assert (session.id, session.kind, session.parent_id, session.usage) == (OTHER_SESSION, MAIN, None, ONCE)


def test_forks_and_subagents_find_a_session_by_its_id() -> None:
    assert FORMAT.keys(parent().transcript()) == [SESSION, "session-11111111"]
    assert FORMAT.keys(parent().transcript(AGENT_NAME)) == []


def agent() -> Lines:
    lines = Lines()
    lines.user("Count the stock", isSidechain=True, agentId="a1")
    lines.assistant(call("c"), isSidechain=True, agentId="a1")
    lines.user([result("c")], isSidechain=True, agentId="a1")
    lines.assistant(text("Three."), isSidechain=True, agentId="a1")
    return lines


def test_a_subagent_is_a_child_of_its_session() -> None:
    transcript = agent().transcript(AGENT_NAME, {META_NAME: b'{"description":"Count","agentType":"Explore"}'})

    session = derive(transcript)

    assert FORMAT.session_id(transcript) == session.id == f"{SESSION}-agent-a1"
    assert (session.kind, session.parent_id, session.title) == (SUBAGENT, SESSION, "Count")
    assert session.metadata["agent"] == {"description": "Count", "agentType": "Explore"}
    assert shown(session, live_only=True) == ["U Count the stock", "A call:c", "U result:c", "A Three."]
    assert session.usage == ONCE.plus(ONCE)


def test_a_subagent_of_a_workflow_and_one_of_a_subagent() -> None:
    nested = f"{FOLDER}/subagents/workflows/run_1/agent-b2.jsonl"
    meta = {nested.replace(".jsonl", ".meta.json"): b'{"parentAgentId":"a1"}'}

    session = derive(agent().transcript(nested, meta))

    assert (session.id, session.parent_id) == (f"{SESSION}-agent-b2", f"{SESSION}-agent-a1")


def test_a_subagent_of_an_older_version_has_its_parent_in_its_lines() -> None:
    transcript = agent().transcript("projects/-home-dev-shop/agent-0fcdc4af.jsonl")

    session = derive(transcript)

    assert FORMAT.session_id(transcript) == session.id == f"{SESSION}-agent-0fcdc4af"
    assert (session.kind, session.parent_id) == (SUBAGENT, SESSION)


def test_a_subagent_whose_lines_name_no_session_is_none() -> None:
    lines = agent()
    for line in lines.lines:
        del line["sessionId"]
    transcript = lines.transcript("projects/-home-dev-shop/agent-0fcdc4af.jsonl")

    assert (FORMAT.session_id(transcript), FORMAT.derive([transcript])) == (None, None)


def test_the_report_of_a_subagent_does_not_count_in_its_parent() -> None:
    lines = parent()
    lines.assistant(call("t", "Task"), id="m2")
    lines.user([result("t")], toolUseResult={"status": "completed", "usage": {"input_tokens": 999}})

    assert derive(lines.transcript(NAME)).usage == ONCE.plus(ONCE)
