"""OpenCode's sessions are derived from their messages and parts."""

from typing import Any

import pytest

from storage.documents.derived_session import FORK, SUBAGENT, DerivedSession
from storage.records.token_usage import TokenUsage
from tests.support.format_checks import shown
from tests.support.opencode_sessions import FORMAT, assistant, derive, live, text, tool, user
from tests.support.stored_transcript import StoredTranscript


@pytest.mark.parametrize("path", ["/shop/a.txt", "C:/shop/a.txt", "/shop/a.txt:3", "zed:///agent/rule?name=Tea"])
def test_files_of_an_editor_are_not_the_persons_words(path: str) -> None:
    file = f"[{path}]\nMint tea 2"
    session = derive(
        user("m1", text("Go"), text(file)), user("m2", text(file)), user("m3", text("[a] tea\n"), text("b"))
    )
    assert session.first_prompt == "Go"
    blocks = [block for message in session.messages for block in message.build()]
    assert [block.get("is_injected", False) for block in blocks] == [False, True, False, False, False]


def test_states_of_calls() -> None:
    picture = {"type": "file", "mime": "image/png", "url": "data:image/png;base64,AAAA"}
    session = derive(
        user("m1", text("Go")),
        assistant(
            "m2",
            tool("c1", "completed", output="seen", attachments=[picture], metadata={"exit": 3}),
            tool("c2", "error", error="denied"),
            tool("c3", "error", error="aborted", metadata={"interrupted": True, "output": "half"}),
            tool("c4", "running"),
            tool("c5", "pending", input={}, raw='{"comm'),
            tool("c6", "completed", "invalid", input={"tool": "bsah", "error": "unknown tool"}, output="No such tool"),
        ),
    )
    assert shown(session)[1] == (
        "ASSISTANT",
        [
            'call bash: {"command":"ls"}',
            "failed c1: ['seen', 'image']",
            'call bash: {"command":"ls"}',
            "failed c2: denied",
            'call bash: {"command":"ls"}',
            "failed c3: half",
            'call bash: {"command":"ls"}',
            'call bash: "{\\"comm"',
            'call bsah: {"tool":"bsah","error":"unknown tool"}',
            "failed c6: No such tool",
        ],
    )
    assert session.messages[1].build()[1]["exit_code"] == 3


def test_injected_texts_and_other_parts() -> None:
    session = derive(
        user("m1", text("Go"), text("Read called", synthetic=True), {"type": "file", "mime": "text/plain", "url": "a"}),
        user("m2", text("Continue", synthetic=True)),
        user("m3", {"type": "subtask", "prompt": "Look", "agent": "explore"}, {"type": "agent", "name": "explore"}),
        assistant("m4", {"type": "step-start"}, {"type": "snapshot"}, {"type": "patch"}, {"type": "new"}),
        assistant("m5", {"type": "step-start"}),
    )  # fmt: skip
    assert [message.is_injected for message in session.messages] == [False, True, False, False]
    assert [block["type"] for message in session.messages for block in message.build()] == [
        "text", "text", "file", "text", "text", "agent", "patch", "new",
    ]  # fmt: skip
    assert session.first_prompt == "Go"
    assert session.messages[0].build()[1]["is_injected"] is True


def test_what_a_plugin_shows_without_telling_the_model_is_not_live() -> None:
    session = derive(
        user("m1", text("Three prompts are left.", ignored=True), text("Go"), text("A reminder", synthetic=True)),
        assistant("m2", text("Done")),
        user("m3", text("Two outputs were shortened.", ignored=True)),
        user("m4", text("On")),
    )
    assert live(session) == ["Go", "A reminder", "Done", "On"]
    assert [message.is_injected for message in session.messages] == [False, True, False, True, False]
    assert [block["text"] for block in session.messages[0].build()] == ["Go", "A reminder"]
    assert session.messages[1].build() == [text("Three prompts are left.", is_injected=True)]
    assert session.first_prompt == "Go"


def test_what_was_reverted_is_not_live() -> None:
    messages = [
        user("m1", text("One")),
        assistant("m2", text("First")),
        user("m3", text("Two")),
        assistant("m4", text("B")),
    ]
    assert live(derive(*messages, revert={"messageID": "m3"})) == ["One", "First"]
    assert live(derive(*messages, revert={"messageID": "m3", "partID": "gone"})) == ["One", "First", "Two"]
    assert len(derive(*messages, revert={"messageID": "m3"}).messages) == 4
    assert live(derive(*messages, revert={"messageID": "gone"})) == ["One", "First", "Two", "B"]


def test_of_a_reply_that_was_undone_from_a_part_on_the_beginning_is_live() -> None:
    ends = {"type": "step-finish", "id": "p4", "tokens": {"input": 10, "output": 5}}
    reply = assistant(
        "m2",
        {"type": "step-start", "id": "p0"},
        text("I look.", id="p1"),
        {**tool("c1", "completed", output="mint"), "id": "p2"},
        text("Mint.", id="p3"),
        ends,
        cost=0.5,
        tokens=ends["tokens"],
    )
    session = derive(
        user("m1", text("Go")), reply, user("m3", text("On")), revert={"messageID": "m2", "partID": "p2"}, cost=0.5
    )
    assert live(session) == ["Go", "I look."]
    assert shown(session)[1:] == [
        ("ASSISTANT", ["text: I look."]),
        ("ASSISTANT", ['call bash: {"command":"ls"}', "result c1: mint", "text: Mint."]),
        ("USER", ["text: On"]),
    ]
    assert session.usage == TokenUsage(input=10, output=5)
    assert [message.usage is None for message in session.messages] == [True, False, True, True]
    assert [message.cost for message in session.messages] == [None, 0.5, None, None]
    whole = derive(user("m1", text("Go")), reply, revert={"messageID": "m2", "partID": "p0"})
    assert (live(whole), len(whole.messages)) == (["Go"], 2)
    without_parts = assistant("m2", tokens={"input": 10, "output": 5})
    counted = derive(user("m1", text("Go")), without_parts, revert={"messageID": "m2", "partID": "p2"})
    assert (live(counted), counted.usage) == (["Go"], TokenUsage(input=10, output=5))


def test_a_command_that_a_subagent_carries_out_is_a_prompt() -> None:
    task = {"type": "subtask", "agent": "explore", "description": "Review", "prompt": "Look at the changes."}
    session = derive(
        user("m1", {**task, "command": "review"}),
        assistant("m2", tool("c1", "completed", "task", output="All is well.")),
        user("m3", task),
    )
    assert [message.is_injected for message in session.messages] == [False, False, False]
    assert session.messages[0].build() == [text("/review"), text("Look at the changes.", is_injected=True)]
    assert session.messages[2].build() == [text("Look at the changes.")]
    assert session.first_prompt == "/review"


def compacted(tail: str | None, **summary: Any) -> DerivedSession:
    part = {"type": "compaction", "auto": True, **({"tail_start_id": tail} if tail else {})}
    return derive(
        user("m1", text("One")),
        assistant("m2", text("First")),
        user("m3", text("Two")),
        assistant("m4", text("Second")),
        user("m5", part),
        assistant("m6", text("All so far"), **{"summary": True, "parentID": "m5", **summary}),
        user("m7", text("Three")),
    )


def test_after_a_compaction_its_summary_replaces_what_was_before() -> None:
    session = compacted(None)
    assert live(session) == ["compaction_part", "All so far", "Three"]
    assert session.messages[5].build() == [{"type": "compaction", "summary": "All so far"}]
    assert [message.is_injected for message in session.messages[4:]] == [True, True, False]
    assert live(compacted("m3")) == ["compaction_part", "All so far", "Two", "Second", "Three"]


def test_a_compaction_that_failed_replaces_nothing() -> None:
    assert live(compacted(None, finish=None))[0] == "One"
    assert live(compacted(None, error={"name": "APIError"}))[0] == "One"


def test_a_failed_reply_is_not_sent_again() -> None:
    aborted = {"name": "MessageAbortedError", "data": {"message": "aborted"}}
    session = derive(
        user("m1", text("One")),
        assistant("m2", text("Half"), error={"name": "APIError", "data": {"message": "overloaded"}}),
        assistant("m3", text("Half"), error=aborted),
        assistant("m4", {"type": "reasoning", "text": "Hm"}, error=aborted),
    )
    assert list(session.live) == [0, 2]
    assert [block["type"] for block in session.messages[1].build()] == ["text", "error"]


def test_tokens_are_the_sum_of_the_steps() -> None:
    step = {"input": 10, "output": 5, "reasoning": 2, "cache": {"read": 3, "write": 4}}
    finish = {"type": "step-finish", "tokens": step, "cost": 0.25}
    session = derive(
        user("m1", text("One")),
        assistant("m2", finish, text("a"), finish, tokens=step, cost=0.5),
        assistant("m3", text("b"), tokens=step, cost=0.25),
    )
    assert session.usage == TokenUsage(input=30, cache_read=9, cache_write=12, output=15, reasoning=6)
    assert session.recorded_cost == 0.75
    assert derive(user("m1", text("One")), cost=2.5).recorded_cost == 2.5
    assert derive(user("m1", text("One"))).recorded_cost is None


def test_a_fork_counts_only_its_own_replies() -> None:
    step = {"input": 10, "output": 5, "reasoning": 0, "cache": {"read": 0, "write": 0}}
    before = {"time": {"created": 1795847030000}, "tokens": step, "cost": 0.5}
    session = derive(
        user("m1", text("One"), time={"created": 1795847029000}),
        assistant("m2", text("First"), **before),
        user("m3", text("Two")),
        assistant("m4", text("Second"), tokens=step, cost=0.25),
        cost=0.75,
    )
    assert (session.kind, session.parent_id) == (FORK, None)
    assert (session.usage, session.recorded_cost) == (TokenUsage(input=10, output=5), 0.25)
    assert [message.usage for message in session.messages] == [None, None, None, session.usage]
    assert len(session.live) == 4


def test_kinds_titles_and_archive() -> None:
    child = derive(user("m1", text("One")), parentID="ses_0", title="Child session - 2026-11-28T06:24:00.853Z")
    assert (child.kind, child.parent_id, child.title, child.first_prompt) == (SUBAGENT, "ses_0", None, "One")
    fork = derive(user("m1", text("One")), title="Tea (fork #1)", time={"created": 1, "archived": 1795847050000})
    assert (fork.kind, fork.parent_id, fork.is_archived) == (FORK, None, True)
    assert fork.metadata["time_archived"] == 1795847050000


def test_a_session_without_messages_is_none() -> None:
    assert FORMAT.derive([StoredTranscript.of("opencode.db/ses_1", {"info": {"id": "ses_1"}, "messages": []})]) is None
    assert FORMAT.derive([]) is None
    assert FORMAT.session_id(StoredTranscript("opencode.db/ses_1", b"")) is None
