"""What the entries of pi's transcripts are derived to: messages, branches, tokens and names."""

from typing import Any

import pytest

from storage.documents.derived_session import FORK, MAIN
from storage.records.token_usage import TokenUsage
from tests.support.format_checks import shown
from tests.support.pi_entries import FORMAT, NAME, SESSION_ID, Entries, call, live, text, usage
from tests.support.stored_transcript import StoredTranscript


def test_results_of_one_reply_are_one_message() -> None:
    picture = {"type": "image", "data": "AAAA", "mimeType": "image/png"}
    entries = Entries().say("user", "u1", "Go").say("assistant", "a1", [call("c1"), call("c2")])
    entries.say("toolResult", "t1", [text("one"), picture], toolCallId="c1")
    entries.say("toolResult", "t2", [text("no")], toolCallId="c2", isError=True).say("assistant", "a2", [text("Done")])
    session = entries.session()
    assert shown(session)[2:] == [
        ("TOOL", ["result c1: ['one', 'image']", "failed c2: no"]),
        ("ASSISTANT", ["text: Done"]),
    ]
    assert list(session.live) == [0, 1, 2, 3]


def test_calls_that_a_tool_made_are_injected_text_behind_its_result() -> None:
    made: list[dict[str, Any]] = [
        {"id": "c1/1", "name": "write", "status": "ok", "arguments": {"path": "menu.txt"}},
        {"id": "c1/2", "name": "read", "status": "error", "arguments": {"path": "gone.txt"}, "error": "No such file"},
        {"id": "c1/3", "name": "bash", "status": "ok", "argumentsBytes": 9000},
    ]
    entries = Entries().say("assistant", "a1", [call("c1")])
    entries.say("toolResult", "t1", [text("one")], toolCallId="c1", nestedCalls={"calls": made, "complete": False})
    entries.add("context_edit", "e1", targetId="t1", replacement={"content": [text("short")]})
    _, result, edited = entries.session().messages
    assert result.build()[1:] == [
        {
            "type": "text",
            "text": "Calls that the tool made:\n"
            'write: {"path":"menu.txt"}\n'
            'read: {"path":"gone.txt"}: No such file\n'
            "bash",
            "is_injected": True,
        }
    ]
    assert [block["type"] for block in edited.build()] == ["tool_result"]


def test_a_branch_that_was_left_is_not_live() -> None:
    entries = Entries().say("user", "u1", "One").say("assistant", "a1", [text("First")])
    entries.say("user", "u2", "Two").say("assistant", "a2", [text("Second")])
    entries.add("branch_summary", "b1", parentId="a1", fromId="a2", summary="Tried two").say("user", "u3", "Three")
    session = entries.session()
    assert live(session) == ["One", "First", "Tried two", "Three"]
    assert session.metadata["branches"] == [{"leaf": "a2", "left_at": "a1"}]
    assert [message.is_injected for message in session.messages] == [False, False, False, False, True, False]


def test_the_session_continues_from_the_last_entry() -> None:
    entries = Entries().say("user", "u1", "One").say("assistant", "a1", [text("First")]).say("user", "u2", "Two")
    entries.add("label", "l1", parentId="a1", targetId="u1", label="start")
    session = entries.session()
    assert live(session) == ["One", "First"]
    assert session.metadata["labels"] == {"u1": "start"}
    entries.add("label", "l2", targetId="u1")
    assert "labels" not in entries.session().metadata


def test_after_a_compaction_its_summary_and_what_it_kept_are_live() -> None:
    entries = Entries().say("user", "u1", "One").say("assistant", "a1", [text("First")])
    entries.add("compaction", "z1", summary="One so far", firstKeptEntryId="a1", tokensBefore=100)
    entries.say("user", "u2", "Two").say("assistant", "a2", [text("Second")])
    assert live(entries.session()) == ["One so far", "First", "Two", "Second"]
    entries.add("compaction", "z2", summary="All so far", firstKeptEntryId="a1", tokensBefore=100).say(
        "user", "u3", "Three"
    )
    session = entries.session()
    assert live(session) == ["All so far", "First", "Two", "Second", "Three"]
    assert session.messages[2].build() == [{"type": "compaction", "summary": "One so far"}]
    assert (session.messages[2].role, session.messages[2].is_injected) == ("SYSTEM", True)
    entries.add("compaction", "z3", summary="None kept", firstKeptEntryId="gone", tokensBefore=1)
    assert live(entries.session()) == ["None kept"]


def test_a_file_of_version_1_is_a_line_of_entries() -> None:
    entries = Entries(version=1).say("user", "", "One").say("assistant", "", [text("First")]).say("user", "", "Two")
    entries.add("compaction", "", summary="So far", firstKeptEntryIndex=3, tokensBefore=1).say("user", "", "Three")
    session = entries.session()
    assert live(session) == ["So far", "Two", "Three"]
    assert len(session.messages) == 5


def test_a_command_of_the_person() -> None:
    entries = Entries().say("bashExecution", "e1", None, command="make", output="boom", exitCode=2)
    entries.say("bashExecution", "e2", None, command="ls", output="", excludeFromContext=True, cancelled=True)
    entries.say("user", "u1", "Why?")
    session = entries.session()
    assert shown(session)[:2] == [
        ("USER", ["text: !make", "text: boom\n\nCommand exited with code 2"]),
        ("USER", ["text: !!ls", "text: (no output)\n\n(command cancelled)"]),
    ]
    assert session.first_prompt == "Why?"
    assert list(session.live) == [0, 2]
    assert [block.get("is_injected", False) for block in session.messages[0].build()] == [False, True]


@pytest.mark.parametrize("role", ["custom", "hookMessage"])
def test_messages_of_extensions_are_injected(role: str) -> None:
    entries = Entries().say(role, "x1", "Remember").add("custom_message", "x2", customType="t", content=[text("Note")])
    entries.add("custom", "x3", customType="t", data={"count": 1}).say("user", "u1", [text("Hi")])
    session = entries.session()
    assert live(session) == ["Remember", "Note", "Hi"]
    assert [message.is_injected for message in session.messages] == [True, True, False]
    assert session.first_prompt == "Hi"


def test_failed_replies_and_unknown_entries_are_shown_and_not_live() -> None:
    entries = Entries().say("user", "u1", "One")
    entries.say("assistant", "a1", [text("Half")], stopReason="error", errorMessage="overloaded")
    entries.say("novelty", "n1", "?").add("context_edit", "n2", targetId="u1")
    entries.say("assistant", "a2", [text("Whole"), {"type": "strange", "x": 1}], stopReason="stop")
    session = entries.session()
    assert [block["type"] for message in session.messages for block in message.build()] == [
        "text", "text", "error", "record", "context_edit", "text", "strange",
    ]  # fmt: skip
    assert list(session.live) == [0, 4]


def test_usage_and_cost_are_sums_of_the_own_replies() -> None:
    entries = Entries().say("user", "u1", "One").say("assistant", "a1", [text("a")], usage=usage(0.5), model="m1")
    entries.say("assistant", "a2", [text("b")], usage=usage(0.25, output=7, reasoning=4), model="m2")
    entries.add("usage", "x1", usage=usage(0.125))
    session = entries.session()
    assert session.usage == TokenUsage(input=30, cache_read=9, cache_write=6, output=13, reasoning=4)
    assert (session.recorded_cost, session.model) == (0.875, "m2")
    assert Entries().say("user", "u1", "One").session().recorded_cost is None


def test_tokens_of_summaries_and_tools_count() -> None:
    entries = Entries().say("user", "u1", "One").add("compaction", "z1", summary="s", usage=usage(0.5))
    entries.add("branch_summary", "b1", summary="q", usage=usage(0.25))
    entries.say("toolResult", "t1", [text("x")], toolCallId="c1", usage=usage(1))
    session = entries.session()
    assert session.usage == TokenUsage(input=30, cache_read=9, cache_write=6, output=15)
    assert session.recorded_cost == 1.75


def test_the_system_prompt_is_stated_by_sections() -> None:
    entries = Entries().say("system", "p1", "Be brief.", sections={"role": "You are pi.", "tools": "read"})
    entries.say("user", "u1", "One").say("system", "p2", [text("And kind.")], sections={"tools": None, "skills": "git"})
    session = entries.session()
    assert session.system_prompt == "Be brief.\n\nAnd kind.\n\nYou are pi.\n\ngit"
    assert [message.role for message in session.messages] == ["USER"]
    assert Entries().say("user", "u1", "One").session().system_prompt is None


def test_a_fork_counts_only_its_own_replies() -> None:
    source = f"/home/dev/.pi/agent/{NAME}"
    before = "2026-11-27T06:00:00.000Z"
    entries = Entries(parentSession=source).say("user", "u1", "One")
    entries.say("assistant", "a1", [text("a")], usage=usage(0.5)).say("assistant", "a2", [text("b")], usage=usage(0.25))
    for copied in entries.records[1:3]:
        copied["timestamp"] = before
    session = entries.session()
    assert (session.kind, session.parent_id) == (FORK, SESSION_ID)
    assert session.usage == TokenUsage(input=10, cache_read=3, cache_write=2, output=5)
    assert [message.usage for message in session.messages] == [None, None, session.usage]
    assert session.recorded_cost == 0.25
    assert session.metadata["parentSession"] == source
    new = Entries(parentSession=source.replace("/", "\\")).say("user", "u1", "One").session()
    assert (new.kind, new.parent_id) == (MAIN, SESSION_ID)


def test_names_models_and_levels() -> None:
    entries = Entries().add("model_change", "c1", provider="p", modelId="m").say("user", "u1", "One")
    entries.add("session_info", "i1", name="First name").add("session_info", "i2", name="Tea shop")
    session = entries.session()
    assert (session.title, session.model, session.metadata["provider"]) == ("Tea shop", "m", "p")
    entries.add("session_info", "i3", name="")
    assert entries.session().title is None


def test_signatures_are_kept_where_they_are_signatures() -> None:
    thought = {"type": "thinking", "thinking": "Hm", "thinkingSignature": "sig"}
    entries = Entries().say("assistant", "a1", [thought], api="anthropic-messages")
    entries.say("assistant", "a2", [thought], api="openai-completions")
    session = entries.session()
    assert [message.build()[0].get("signature") for message in session.messages] == ["sig", None]


@pytest.mark.parametrize("data", [b"", b"{}\n", b'{"type":"session","id":"s1"}\n', b'{"type":"message"}\n'])
def test_a_file_without_messages_is_no_session(data: bytes) -> None:
    assert FORMAT.derive([StoredTranscript(NAME, data)]) is None
