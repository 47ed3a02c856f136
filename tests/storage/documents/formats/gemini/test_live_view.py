"""What the model still sees after a rewind, a compression and a checkpoint."""

from typing import Any

from tests.support.format_checks import shown
from tests.support.gemini_records import HEADER, TALK, call, derive, live, model, response, text, user


def test_a_rewind_leaves_a_branch() -> None:
    session = derive(
        user("u1", "One"), model("g1", "First"), user("u2", "Two"), model("g2", "Second"), {"$rewindTo": "u2"},
        user("u3", "Three"), model("g3", "Third"),
    )  # fmt: skip
    assert live(session) == ["One", "First", "Three", "Third"]
    assert len(session.messages) == 6
    assert session.metadata["rewinds"] == [{"to": "u2", "removed": ["u2", "g2"]}]


def test_a_rewind_to_an_unknown_record_takes_back_all() -> None:
    session = derive(user("u1", "One"), model("g1", "First"), {"$rewindTo": "gone"}, user("u2", "Two"))
    assert live(session) == ["Two"]


def test_what_a_compression_drops_is_an_earlier_window() -> None:
    kept = model("g2", [{"text": "Second"}])
    session = derive(
        user("u1", "One"), model("g1", "First"), user("u2", "Two"), model("g2", "Second"),
        {"$set": {"messages": [user("s", "<state_snapshot>all</state_snapshot>"), user("u2", "Two"), kept]}},
        user("u3", "Three"),
    )  # fmt: skip
    assert live(session) == ["<state_snapshot>all</state_snapshot>", "Two", "Second", "Three"]
    assert [message.role for message in session.messages] == [
        "USER", "ASSISTANT", "USER", "ASSISTANT", "USER", "USER",
    ]  # fmt: skip


def test_a_compression_is_a_block_and_repeats_nothing_that_it_keeps() -> None:
    thanks = model("t", [{"text": "Got it. Thanks for the additional context!"}], tokens=None)
    summary = user("s", [{"text": "<state_snapshot>all</state_snapshot>"}])
    kept = [{**record, "id": f"new-{record['id']}", "tokens": None} for record in CHECKPOINT[1:]]
    said = user("c", "<session_context>here</session_context>")

    session = derive(
        *TALK[:5],
        {"$set": {"messages": [said, summary, thanks, *kept]}},
        user("u3", "Three"),
        {"$set": {"messages": [said, summary, thanks, *kept, user("u3", "Three")]}},
    )

    assert [(message.role, message.build()) for message in session.messages[5:7]] == [
        ("SYSTEM", [{"type": "compaction", "summary": "<state_snapshot>all</state_snapshot>"}]),
        ("ASSISTANT", [{**text("Got it. Thanks for the additional context!"), "is_injected": True}]),
    ]
    assert [message.is_injected for message in session.messages[5:]] == [True, True, False]
    assert list(session.live) == [0, 5, 6, 2, 3, 4, 7]
    assert session.first_prompt == "One"


def test_of_equal_messages_a_compression_keeps_the_last() -> None:
    thanks = model("t", [{"text": "Got it. Thanks for the additional context!"}], tokens=None)
    kept = [user("n1", [{"text": "Yes"}]), model("n2", [{"text": "Done"}], tokens=None)]
    replies = {"model": "gemini-3", "tokens": {"input": 5, "output": 2}}

    session = derive(
        user("u1", "Yes"), model("g1", "Done", **replies), user("u2", "Yes"), model("g2", "Done", **replies),
        {"$set": {"messages": [user("s", "All"), thanks, *kept]}},
    )  # fmt: skip

    assert list(session.live) == [4, 5, 2, 3]


def test_a_masked_output_stays_readable_in_full() -> None:
    session = derive(
        user("u1", "Read"), model("g1", "I read.", toolCalls=[call("c1", "long output")]),
        {"$set": {"messages": [user("u1", "Read"), model("g1", "I read.", toolCalls=[call("c1", "masked")])]}},
    )  # fmt: skip
    assert [row for row in shown(session) if row[0] == "TOOL"] == [
        ("TOOL", ["result c1: long output"]),
        ("TOOL", ["result c1: masked"]),
    ]
    assert [session.messages[index].role for index in session.live] == ["USER", "ASSISTANT", "TOOL"]
    assert session.live[-1] == 3


def stated_again(*records: dict[str, Any]) -> list[dict[str, Any]]:
    """What resuming a checkpoint appends: its records under new ids, and the conversation of just these."""
    copies = [{**record, "id": f"new-{record['id']}", "tokens": None} for record in records]
    return [*copies, {"$set": {"messages": copies}}]


CHECKPOINT = [
    user("u1", [{"text": "<session_context>here</session_context>"}, {"text": "One"}]),
    model("g1", [{"text": "First"}, {"functionCall": {"id": "c1", "name": "read_file", "args": {"path": "a"}}}]),
    user("r1", [response("c1", "out")]),
    model("g2", [{"text": "Second"}]),
]


def test_a_checkpoint_that_is_resumed_says_nothing_twice() -> None:
    session = derive(*TALK, *stated_again(*CHECKPOINT), user("u3", "Elsewhere"))

    assert live(session) == ["One", "First", "tool_use", "tool_result", "Second", "Elsewhere"]
    assert [row[0] for row in shown(session)] == [
        *("USER", "ASSISTANT", "TOOL", "ASSISTANT"),
        *("USER", "ASSISTANT", "USER"),
    ]
    assert session.usage.output == 6


def test_a_checkpoint_is_restored_to_before_the_answer_of_its_last_call() -> None:
    session = derive(*TALK, *stated_again(*CHECKPOINT[:2]), user("u3", "Elsewhere"))

    assert live(session) == ["One", "First", "tool_use", "Elsewhere"]
    assert list(session.live) == [1, 7, 8]


def test_what_comes_after_a_resumed_checkpoint_is_stated_by_the_new_ids() -> None:
    again = stated_again(*CHECKPOINT)
    resumed = [{**record, "content": record["content"]} for record in again[1:4]]

    session = derive(
        *TALK, *again, user("u3", "Elsewhere"), {"$set": {"messages": [*resumed, user("u3", "Elsewhere")]}}
    )

    assert live(session) == ["First", "tool_use", "tool_result", "Second", "Elsewhere"]
    assert len(session.messages) == 8


def test_a_prompt_that_is_sent_again_after_a_rewind_is_another_message() -> None:
    session = derive(
        *TALK,
        {"$rewindTo": "u2"},
        user("u3", "Two"),
        model("g4", "Third", model="gemini-3", tokens={"input": 5, "output": 2}),
        {"$set": {"messages": [user("u3", "Two"), model("g4", "Third")]}},
    )

    assert live(session) == ["Two", "Third"]
    assert len(session.messages) == 9


def test_calls_that_an_editors_session_records_apart_are_those_of_their_replies() -> None:
    tokens = {"input": 5, "output": 2}
    pending, first, second = call("c1", status="executing"), call("c1", "out"), call("c2", "two")
    both = [{"functionCall": {"id": one["id"], "name": one["name"], "args": one["args"]}} for one in (first, second)]
    answers = [user("r1", [response("c1", "out")]), user("r2", [response("c2", "two")])]
    stated = [user("u1", "One"), model("g1", [text("First"), both[0]]), answers[0], model("g2", [both[1]]), answers[1]]
    again = [user("u1", "One"), model("g1", [text("First")]), model("a", both), model("g2", []), *answers]

    for history in ([], stated, again):
        session = derive(
            user("u1", "One"), model("g1", "First", tokens=tokens), model("a", toolCalls=[pending], thoughts=[]),
            model("a", toolCalls=[first], thoughts=[]), answers[0],
            model("g2", tokens=tokens), model("a", toolCalls=[first, second], thoughts=[]), answers[1],
            *([{"$set": {"messages": history}}] if history else []),
            model("g3", "Third", tokens=tokens),
        )  # fmt: skip
        assert shown(session) == [
            ("USER", ["text: One"]),
            ("ASSISTANT", ["text: First", 'call read_file: {"path":"a"}']),
            ("TOOL", ["result c1: out"]),
            ("ASSISTANT", ['call read_file: {"path":"a"}']),
            ("TOOL", ["result c2: two"]),
            ("ASSISTANT", ["text: Third"]),
        ]
        assert sorted(session.live) == list(range(6))
        assert session.usage.output == 6


def test_a_reply_with_calls_alone_is_a_message() -> None:
    calls = model("g2", toolCalls=[call("c1", "out")])
    for before in [], [model("g1", "First")]:
        session = derive(user("u1", "One"), *before, calls, model("g3", "Third"))
        replies = ["ASSISTANT"] * len(before)
        assert [role for role, _ in shown(session)] == ["USER", *replies, "ASSISTANT", "TOOL", "ASSISTANT"]


def test_the_context_alone_replaces_no_conversation() -> None:
    again = user("c", "<session_context>here again</session_context>")
    session = derive(*TALK, HEADER, {"$set": {"messages": [again]}})
    assert live(session)[1:] == ["One", "First", "tool_use", "tool_result", "Second", "Two", "Third"]
