"""Who said what: prompts, text that the program put in, and events that have no item."""

import pytest

from tests.support.rollouts import completed, contents, derive, event, header, item, record, rollout, said, talk

PICTURE = "data:image/png;base64,AAAA"
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}


@pytest.mark.parametrize(
    "text",
    [
        "<environment_context>\n  <cwd>/home/dev/shop</cwd>\n</environment_context>",
        "# AGENTS.md instructions for /home/dev/shop\n\n<INSTRUCTIONS>\nUse tabs.\n</INSTRUCTIONS>",
        "<user_instructions>\nUse tabs.\n</user_instructions>",
        "<turn_aborted>\nThe user interrupted.\n</turn_aborted>",
        "<subagent_notification>\n{}\n</subagent_notification>",
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


def test_a_content_that_is_a_string_is_a_text() -> None:
    session = derive(rollout(header(), item("message", role="user", content="One.")))
    assert contents(session) == [("USER", [{"type": "text", "text": "One."}])]


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


def test_lines_of_the_first_versions_have_no_envelope() -> None:
    old_id = "5973b6c0-94b8-487b-a530-2aeb6098ae0e"
    session = derive(
        rollout(
            {"id": old_id, "timestamp": "2025-05-07T17:24:21.123Z", "instructions": "Be brief."},
            {"record_type": "state"},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "One."}]},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Two?"}]},
            {"type": "function_call", "name": "shell", "arguments": '{"command": ["ls"]}', "call_id": "c1"},
            {"type": "function_call_output", "call_id": "c1", "output": "a"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Two."}]},
        )
    )
    assert session.id == old_id
    assert session.system_prompt == "Be brief."
    assert talk(session) == ["USER: One.", "ASSISTANT: Two? | shell", "TOOL: a", "ASSISTANT: Two."]
    assert session.created_at == session.updated_at


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


def test_a_line_that_was_written_twice_is_read_once() -> None:
    answer = said("assistant", "Two.", id="msg_1")
    again = record("response_item", said("user", "One.")["payload"], ordinal=4)
    session = derive(rollout(header(), again, again, answer, answer))
    assert talk(session) == ["USER: One.", "ASSISTANT: Two."]
    # Without an id and an ordinal, the same words may have been said twice.
    assert talk(derive(rollout(header(), said("user", "One."), said("user", "One.")))) == ["USER: One."] * 2


def test_models_times_and_modes_of_turns() -> None:
    first = {"model": "gpt-5.5", "approval_policy": "never", "sandbox_policy": {"mode": "read-only"}}
    second = {"model": "gpt-6", "approval_policy": "on-request", "sandbox_policy": {"type": "workspace-write"}}
    session = derive(
        rollout(
            header(),
            record("turn_context", first),
            said("user", "One."),
            record("response_item", said("assistant", "Two.")["payload"], 31),
            record("turn_context", second),
            said("assistant", "Three."),
        )
    )
    assert [message.model for message in session.messages] == [None, "gpt-5.5", "gpt-6"]
    assert (session.model, session.mode) == ("gpt-6", "on-request, workspace-write")
    assert str(session.messages[1].created_at) == "2026-11-28 06:25:31+00:00"


def test_a_second_header_of_the_thread_tells_the_newer_version() -> None:
    git = {"branch": "fix", "commit_hash": "abc"}
    later = header(cli_version="0.172.0", git=git, cwd="/elsewhere")
    session = derive(rollout(header(git={"branch": "main"}), said("user", "One."), later, said("user", "Two.")))
    assert (session.agent_version, session.git_branch, session.workspace) == ("0.172.0", "fix", "/home/dev/shop")
    assert session.metadata["git"] == git


def test_all_of_the_header_is_metadata_but_the_long_instructions() -> None:
    session = derive(rollout(header(base_instructions={"text": "Be brief."}, newer={"a": 1}), said("user", "One.")))
    assert session.system_prompt == "Be brief."
    assert (session.metadata["newer"], session.metadata["originator"]) == ({"a": 1}, "codex_exec")
    assert "base_instructions" not in session.metadata


@pytest.mark.parametrize(
    ("values", "is_automated"),
    [
        ({"source": "exec"}, True),
        ({"source": "mcp"}, True),
        ({"originator": "codex_exec"}, True),
        ({"source": "cli", "originator": "codex_cli_rs"}, False),
        ({"source": "vscode", "originator": "codex_vscode"}, False),
        ({"originator": "codex_cli_rs"}, False),
        ({"source": 5, "originator": None}, False),
    ],
)
def test_a_thread_is_automated_if_a_program_began_it(values: dict[str, object], is_automated: bool) -> None:
    assert derive(rollout(header(**values), said("user", "One."))).is_automated is is_automated
