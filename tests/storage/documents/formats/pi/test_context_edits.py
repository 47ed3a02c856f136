"""Edits of pi's context change what the model sees, not what was said."""

from tests.support.format_checks import shown
from tests.support.pi_entries import Entries, call, live, text, usage


def test_an_edit_of_the_context_leaves_an_entry_out() -> None:
    entries = Entries().say("user", "u1", "One").say("assistant", "a1", [text("First")]).say("user", "u2", "Two")
    entries.add("context_edit", "e1", targetId="a1", replacement=None)
    session = entries.session()
    assert live(session) == ["One", "Two"]
    assert [message.role for message in session.messages] == ["USER", "ASSISTANT", "USER", "SYSTEM"]


def test_an_edit_of_the_context_replaces_a_content() -> None:
    entries = Entries().say("user", "u1", "One").say("assistant", "a1", [text("First")], model="m", usage=usage(0.5))
    entries.say("user", "u2", "Two").add("context_edit", "e1", targetId="u1", replacement={"content": "1"})
    entries.add("context_edit", "e2", targetId="a1", replacement={"content": [text("Instead")]})
    session = entries.session()
    assert live(session) == ["1", "Instead", "Two"]
    assert [blocks for _, blocks in shown(session)] == [
        ["text: One"], ["text: First"], ["text: Two"], ["text: 1"], ["text: Instead"],
    ]  # fmt: skip
    assert [(edit.role, edit.usage) for edit in session.messages[3:]] == [("USER", None), ("ASSISTANT", None)]
    assert session.usage.input == 10


def test_the_last_edit_on_the_branch_counts() -> None:
    entries = Entries().say("user", "u1", "One").say("assistant", "a1", [text("First")])
    entries.add("context_edit", "e1", targetId="u1", replacement=None)
    entries.add("context_edit", "e2", targetId="u1", replacement={"content": "1"})
    assert live(entries.session()) == ["1", "First"]
    # Before the edits, the entry is as it was written.
    entries.say("user", "u2", "Two", parent="a1")
    assert live(entries.session()) == ["One", "First", "Two"]


def test_results_of_one_reply_are_edited_one_by_one() -> None:
    entries = Entries().say("user", "u1", "One").say("assistant", "a1", [call("c1"), call("c2"), call("c3")])
    for number in (1, 2, 3):
        entries.say("toolResult", f"t{number}", [text(f"long {number}")], toolCallId=f"c{number}")
    entries.add("context_edit", "e1", targetId="t1", replacement={"content": [text("short")]})
    entries.add("context_edit", "e2", targetId="t3", replacement=None)
    session = entries.session()
    [results] = [session.messages[index] for index in session.live if session.messages[index].role == "TOOL"]
    assert [(block["tool_use_id"], block["content"]) for block in results.build()] == [
        ("c1", "short"),
        ("c2", "long 2"),
    ]
    assert [message.role for message in session.messages].count("TOOL") == 3
    for number in (1, 2):
        entries.add("context_edit", f"o{number}", targetId=f"t{number}", replacement=None)
    assert [entries.session().messages[index].role for index in entries.session().live] == ["USER", "ASSISTANT"]


def test_edits_of_what_cannot_be_edited_are_shown() -> None:
    entries = Entries().say("user", "u1", "One").add("compaction", "z1", summary="Sum", firstKeptEntryId="z1")
    entries.add("context_edit", "e1", targetId="nobody", replacement=None).add("context_edit", "e2", targetId="u1")
    entries.add("context_edit", "e3", targetId="e1", replacement={"content": "x"})
    session = entries.session()
    assert [block["type"] for message in session.messages for block in message.build()] == [
        "text", "compaction", "context_edit", "context_edit", "context_edit",
    ]  # fmt: skip
    assert list(session.live) == [1]
