"""What the headers and turns of a rollout tell of its session, in all versions."""

import pytest

from tests.support.rollouts import derive, header, record, rollout, said, talk


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
