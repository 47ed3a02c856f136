"""The person's prompts in Codex's rollouts, and the text that the program puts under the user's role."""

import pytest

from tests.support.rollouts import (
    IMAGE,
    PICTURE,
    completed,
    contents,
    derive,
    event,
    header,
    item,
    record,
    rollout,
    said,
    talk,
)


@pytest.mark.parametrize(
    "text",
    [
        "<environment_context>\n  <cwd>/home/dev/shop</cwd>\n</environment_context>",
        "# AGENTS.md instructions for /home/dev/shop\n\n<INSTRUCTIONS>\nUse tabs.\n</INSTRUCTIONS>",
        "<user_instructions>\nUse tabs.\n</user_instructions>",
        "<turn_aborted>\nThe user interrupted.\n</turn_aborted>",
        "<subagent_notification>\n{}\n</subagent_notification>",
        "Side conversation boundary.\n\nEverything before this boundary is inherited history from the parent thread.",
        "Another language model started to solve this problem and produced a summary of its thinking process.",
    ],
)
@pytest.mark.parametrize("has_events", [True, False])
def test_text_under_the_users_role_that_the_program_put_in(text: str, has_events: bool) -> None:
    prompt = [said("user", "One."), *([event("user_message", message="One.")] if has_events else [])]
    session = derive(rollout(header(), said("user", text), *prompt))
    assert [message.is_injected for message in session.messages] == [True, False]
    assert session.messages[0].build() == [{"type": "text", "text": text, "is_injected": True}]
    assert session.first_prompt == "One."
    # The model gets it.
    assert list(session.live) == [0, 1]


def test_older_versions_wrote_events_of_what_the_program_put_in() -> None:
    context, instructions = "<environment_context>\n</environment_context>", "<user_instructions>\n</user_instructions>"
    session = derive(
        rollout(
            header(),
            said("user", instructions),
            event("user_message", message=instructions, kind="user_instructions"),
            said("user", context),
            event("user_message", message=context, kind="environment_context"),
            said("user", "One."),
            event("user_message", message="One.", kind="plain"),
        )
    )
    assert [message.is_injected for message in session.messages] == [True, True, False]
    assert session.first_prompt == "One."


def test_a_goal_is_a_prompt_although_it_is_recorded_as_an_output() -> None:
    context = "<environment_context>\n  <cwd>/home/dev/shop</cwd>\n</environment_context>"
    session = derive(
        rollout(
            header(),
            item("function_call_output", name="goal_objective", namespace="agent", output="Sell tea.\nAnd cake."),
            said("user", context),
            said("assistant", "Sold."),
            item("function_call_output", name="goal_objective", namespace="agent", call_id="c1", output="Asked for."),
        )
    )
    assert contents(session)[0] == ("USER", [{"type": "text", "text": "Sell tea.\nAnd cake."}])
    assert [message.is_injected for message in session.messages] == [False, True, False, False]
    assert [message.role for message in session.messages] == ["USER", "USER", "ASSISTANT", "TOOL"]
    assert session.first_prompt == "Sell tea.\nAnd cake."
    assert list(session.live) == [0, 1, 2, 3]


def test_a_plan_that_was_approved_for_a_new_thread_is_what_the_person_asked_for() -> None:
    plan = "# Sell tea\n1. Boil water."
    session = derive(
        rollout(
            header(),
            item("function_call_output", name="proposed_plan", namespace="agent", output=plan),
            said("user", "Implement the plan."),
            event("user_message", message="Implement the plan."),
            said("assistant", "Sold."),
        )
    )
    assert talk(session) == [f"USER: {plan}", "USER: Implement the plan.", "ASSISTANT: Sold."]
    assert session.first_prompt == plan
    assert list(session.live) == [0, 1, 2]


def test_what_a_client_adds_to_a_prompt_is_no_result_of_a_tool() -> None:
    pieces = [{"type": "input_text", "text": "prices.txt is open."}, {"type": "input_image", "image_url": PICTURE}]
    session = derive(
        rollout(
            header(),
            item("function_call_output", name="open_file", namespace="agent", output="menu.txt is open."),
            said("user", "One."),
            said("assistant", "Read."),
            item("function_call_output", name="open_file", namespace="agent", output=pieces),
            said("user", "Two."),
        )
    )
    assert [(message.role, message.is_injected) for message in session.messages] == [
        ("USER", True),
        ("USER", False),
        ("ASSISTANT", False),
        ("USER", True),
        ("USER", False),
    ]
    assert session.messages[0].build() == [{"type": "text", "text": "menu.txt is open.", "is_injected": True}]
    assert session.messages[3].build() == [{"type": "text", "text": "prices.txt is open.", "is_injected": True}, IMAGE]
    assert session.first_prompt == "One."
    assert list(session.live) == [0, 1, 2, 3, 4]


def test_messages_of_developers_are_the_programs() -> None:
    session = derive(rollout(header(), said("developer", "<permissions>", "<tools>"), said("user", "One.")))
    assert (session.messages[0].role, session.messages[0].is_injected) == ("SYSTEM", True)
    assert [block["is_injected"] for block in session.messages[0].build()] == [True, True]


def test_what_a_person_typed_is_theirs_though_it_looks_like_the_programs() -> None:
    typed = "<environment_context> is a tag that I do not know."
    session = derive(rollout(header(), said("user", typed), event("user_message", message=typed)))
    assert talk(session) == [f"USER: {typed}"]


def test_newer_versions_tell_what_each_part_is() -> None:
    kinds = {"content_item_kinds": ["skills.newer_kind", "user.text"]}
    session = derive(
        rollout(
            header(),
            said("user", "Use the skill.", "One.", internal_chat_message_metadata_passthrough=kinds),
            said(
                "user", "Be brief.", internal_chat_message_metadata_passthrough={"content_item_kinds": ["hook.newer"]}
            ),
        )
    )
    assert [message.is_injected for message in session.messages] == [False, True]
    assert session.messages[0].build() == [
        {"type": "text", "text": "Use the skill.", "is_injected": True},
        {"type": "text", "text": "One."},
    ]
    assert session.first_prompt == "One."


def test_an_item_without_an_event_is_the_programs_in_a_turn_that_has_one() -> None:
    session = derive(
        rollout(
            header(),
            event("task_started", turn_id="t1"),
            said("user", "Something of a newer kind."),
            said("user", "One."),
            completed("UserMessage", id="u1", content=[{"type": "text", "text": "One.", "text_elements": []}]),
        )
    )
    assert [message.is_injected for message in session.messages] == [True, False]


def test_a_prompt_whose_event_is_not_written_yet_is_a_prompt() -> None:
    first = [event("task_started", turn_id="t1"), said("user", "One."), event("user_message", message="One.")]
    session = derive(rollout(header(), *first, event("task_started", turn_id="t2"), said("user", "Two.")))
    assert talk(session) == ["USER: One.", "USER: Two."]


def test_equal_prompts_are_each_a_prompt() -> None:
    turns = [
        line
        for number in range(3)
        for line in (
            event("task_started", turn_id=f"t{number}"),
            said("user", "Go on."),
            event("user_message", message="Go on."),
            event("agent_message", message="Done."),
            said("assistant", "Done."),
        )
    ]
    assert talk(derive(rollout(header(), *turns))) == ["USER: Go on.", "ASSISTANT: Done."] * 3


def test_the_context_that_an_editor_puts_before_a_request_is_a_block_of_its_own() -> None:
    context = "# Context from my IDE setup:\n\n## Active file: cart.py\n\n## My request for Codex:"
    text = f"{context}\nWhy is the total wrong?\n"
    session = derive(rollout(header(), said("user", text), event("user_message", message=text)))
    assert contents(session) == [
        (
            "USER",
            [
                {"type": "text", "text": context, "is_injected": True},
                {"type": "text", "text": "Why is the total wrong?"},
            ],
        )
    ]
    assert session.first_prompt == "Why is the total wrong?"


def test_the_marks_around_a_picture_are_left_out() -> None:
    content = [
        {"type": "input_text", "text": '<image name=[Image #1] path="/home/dev/dot.png">'},
        {"type": "input_image", "image_url": PICTURE},
        {"type": "input_text", "text": "</image>"},
        {"type": "input_text", "text": "What is it?"},
    ]
    local = [{"type": "local_image", "path": "/home/dev/dot.png"}, {"type": "text", "text": "What is it?"}]
    session = derive(
        rollout(header(), item("message", role="user", content=content), completed("UserMessage", content=local))
    )
    assert contents(session) == [("USER", [IMAGE, {"type": "text", "text": "What is it?"}])]


def test_the_marks_around_a_recording_are_left_out() -> None:
    recording = {"type": "input_audio", "audio_url": "data:audio/wav;base64,AAAA"}
    content = [
        {"type": "input_text", "text": '<audio name=[Audio #1] path="/home/dev/order.wav">'},
        recording,
        {"type": "input_text", "text": "</audio>"},
        {"type": "input_text", "text": "What is it?"},
    ]
    local = [{"type": "local_audio", "path": "/home/dev/order.wav"}, {"type": "text", "text": "What is it?"}]
    session = derive(
        rollout(header(), item("message", role="user", content=content), completed("UserMessage", content=local))
    )
    assert contents(session) == [("USER", [recording, {"type": "text", "text": "What is it?"}])]
    assert session.first_prompt == "What is it?"


def test_a_content_that_is_a_string_is_a_text() -> None:
    session = derive(rollout(header(), item("message", role="user", content="One.")))
    assert contents(session) == [("USER", [{"type": "text", "text": "One."}])]


def test_what_a_tool_of_the_client_said_is_shown_once() -> None:
    told = {"name": "timer", "namespace": "clock", "output": "It rang."}
    session = derive(
        rollout(
            header(),
            said("user", "Wake me."),
            item("function_call_output", **told),
            completed("FunctionCallOutput", id="fco_1", **told),
        )
    )
    assert [message.build() for message in session.messages[1:]] == [
        [{"type": "text", "text": "It rang.", "is_injected": True}]
    ]


def test_a_list_of_tools_is_no_message() -> None:
    tools = item(
        "additional_tools", role="developer", tools=[{"type": "custom", "name": "exec", "description": "Runs"}]
    )
    assert talk(derive(rollout(header(), tools, said("user", "Go."), tools, said("assistant", "Gone.")))) == [
        "USER: Go.",
        "ASSISTANT: Gone.",
    ]


def test_what_agents_tell_each_other_is_injected() -> None:
    report = "Message Type: FINAL_ANSWER\nTask name: /root\nSender: /root/list\nPayload:\nMint is 2."
    sealed = {"type": "encrypted_content", "encrypted_content": "c2VhbGVk"}
    session = derive(
        rollout(
            header(),
            said("user", "Go."),
            said("assistant", "An agent looks."),
            record("inter_agent_communication_metadata", {"trigger_turn": False}),
            item("agent_message", author="/root/list", content=[{"type": "input_text", "text": report}, sealed]),
            said("assistant", "Mint is 2."),
        )
    )
    assert talk(session) == ["USER: Go.", "ASSISTANT: An agent looks.", "ASSISTANT: Mint is 2."]
    message = session.messages[2]
    assert (message.role, message.is_injected) == ("USER", True)
    assert message.build() == [{"type": "text", "text": report, "is_injected": True}]
    assert list(session.live) == [0, 1, 2, 3]
