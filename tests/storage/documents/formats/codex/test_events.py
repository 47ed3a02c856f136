"""Events of Codex's rollouts repeat what items say, or fill a gap."""

from tests.support.rollouts import IMAGE, PICTURE, completed, contents, derive, event, header, item, rollout, said, talk


def test_events_without_an_item_fill_gaps() -> None:
    session = derive(
        rollout(
            header(),
            event("task_started", turn_id="t1"),
            event("user_message", message="One.", images=[PICTURE]),
            event("agent_reasoning", text="Two?"),
            event("agent_message", message="Two."),
            event("task_started", turn_id="t2"),
            said("user", "Three."),
            said("assistant", "Four."),
            event("task_started", turn_id="t3"),
            event("agent_message", message="<EXTERNAL SESSION IMPORTED>"),
        )
    )
    assert contents(session) == [
        ("USER", [{"type": "text", "text": "One."}, IMAGE]),
        ("ASSISTANT", [{"type": "thinking", "thinking": "Two?"}, {"type": "text", "text": "Two."}]),
        ("USER", [{"type": "text", "text": "Three."}]),
        ("ASSISTANT", [{"type": "text", "text": "Four."}]),
        ("ASSISTANT", [{"type": "text", "text": "<EXTERNAL SESSION IMPORTED>"}]),
    ]


def test_what_only_an_event_says_is_not_sent_to_the_model() -> None:
    session = derive(
        rollout(
            header(),
            event("task_started", turn_id="t1"),
            said("user", "One."),
            event("task_started", turn_id="t2"),
            event("agent_message", message="Imported."),
        )
    )
    assert talk(session) == ["USER: One.", "ASSISTANT: Imported."]
    assert talk(session, session.live) == ["USER: One."]


def test_a_rollout_of_events_alone_can_be_continued() -> None:
    lines = [event("user_message", message="One."), event("agent_message", message="Two.")]
    session = derive(rollout(header(), *lines))
    assert talk(session, session.live) == ["USER: One.", "ASSISTANT: Two."]


def test_an_event_that_leaves_out_a_part_of_its_items_text_is_that_item() -> None:
    session = derive(
        rollout(
            header(),
            event("task_started", turn_id="t1"),
            said("user", "One."),
            event("agent_message", message="Two."),
            said("assistant", "Two.<citation/>"),
        )
    )
    assert talk(session) == ["USER: One.", "ASSISTANT: Two.<citation/>"]


def test_paginated_events_are_the_items_with_their_ids() -> None:
    session = derive(
        rollout(
            header(),
            event("task_started", turn_id="t1"),
            said("user", "One."),
            completed("Reasoning", id="rs_1", summary_text=["Two?", "Or three?"], raw_content=[]),
            item("reasoning", id="rs_1", summary=[{"text": "Two?"}, {"text": "Or three?"}], encrypted_content="QUJD"),
            completed("AgentMessage", id="msg_1", content=[{"type": "Text", "text": "Two"}]),
            said("assistant", "Two.", id="msg_1"),
        )
    )
    thinking, text = contents(session)[1][1]
    assert (thinking, text) == (
        {"type": "thinking", "thinking": "Two?\n\nOr three?"},
        {"type": "text", "text": "Two."},
    )


def test_broken_streams_leave_each_answer() -> None:
    session = derive(
        rollout(
            header(),
            event("task_started", turn_id="t1"),
            said("user", "One."),
            said("assistant", "half", id="msg_1"),
            event("token_count", info=None),
            said("assistant", "half and whole", id="msg_2"),
        )
    )
    assert talk(session) == ["USER: One.", "ASSISTANT: half", "ASSISTANT: half and whole"]


def test_why_a_turn_failed_is_shown() -> None:
    failure = {"message": "stream disconnected", "code": "other"}
    session = derive(rollout(header(), said("user", "One."), event("task_complete", turn_id="t1", error=failure)))
    [block] = session.messages[1].build()
    assert (session.messages[1].role, block["type"], block["error"]) == ("SYSTEM", "task_complete", failure)
    assert list(session.live) == [0]
    done = event("task_complete", turn_id="t1", error=None)
    assert len(derive(rollout(header(), said("user", "One."), done)).messages) == 1
