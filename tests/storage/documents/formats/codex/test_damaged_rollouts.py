"""Rollouts that were cut, changed or damaged: they always derive, and nothing that was read is taken back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.records.token_usage import TokenUsage
from tests.support.format_checks import check, check_every_prefix, check_mutations
from tests.support.rollouts import (
    CODEX,
    completed,
    derive,
    event,
    header,
    home_transcripts,
    item,
    record,
    rollout,
    said,
    talk,
)
from tests.support.stored_transcript import StoredTranscript

SAMPLES = {
    transcript.name[-12:]: transcript
    for home in ("home", "branched_home")
    for transcripts in home_transcripts(Path(__file__).parent / home).values()
    for transcript in transcripts
}

# Each kind of line once, which the samples do not have.
RARE = rollout(
    header(source={"subagent": {"thread_spawn": {"parent_thread_id": "p", "agent_nickname": "Ada"}}}),
    record("turn_context", {"turn_id": "t1", "model": "gpt-5.5", "approval_policy": {"granular": {}}}),
    event("task_started", turn_id="t1"),
    said("user", "One."),
    event("user_message", message="One.", images=["data:image/png;base64,AAAA"]),
    event("agent_reasoning", text="Two?"),
    item("reasoning", summary=[{"type": "summary_text", "text": "Two?"}], encrypted_content="AAAA"),
    item("function_call", name="price", namespace="mcp__till", call_id="c1", arguments='{"of": "oil"}'),
    item("function_call_output", call_id="c1", output=[{"type": "input_text", "text": "4"}]),
    item("custom_tool_call", name="apply_patch", call_id="c2", input="*** Begin Patch"),
    item("custom_tool_call_output", call_id="c2", output='{"output": "no", "metadata": {"exit_code": 1}}'),
    event("patch_apply_end", call_id="c2", success=False),
    item("local_shell_call", call_id="c3", action={"type": "exec", "command": ["ls"]}, status="completed"),
    item("function_call_output", call_id="c3", output={"content": "a", "success": True}),
    completed("CommandExecution", id="c3", aggregated_output="a", status="failed"),
    item("web_search_call", status="completed", action={"type": "search", "query": "oil"}),
    item("tool_search_call", call_id="c4", arguments={"query": "till"}, execution="client"),
    item("tool_search_output", call_id="c4", tools=[{"name": "price"}]),
    item("image_generation_call", id="ig_1", status="completed", result="AAAA", revised_prompt="a van"),
    item("ghost_snapshot", ghost_commit={"id": "abc"}),
    record("token_usage_record", {"response_id": "r1", "usage": {"input_tokens": 5}, "thread_token_usage": {}}),
    event("token_count", info={"last_token_usage": {"input_tokens": 7}, "total_token_usage": {"input_tokens": 12}}),
    record("compacted", {"message": "In short.", "replacement_history": [said("user", "One.")["payload"]]}),
    said("user", "Three."),
    event("thread_rolled_back", num_turns=1),
    record("newer_line", {"a": [1]}),
    event("newer_event", text="?"),
    item("newer_item", text="?"),
    completed("NewerItem", text="?"),
)
ALL = {**SAMPLES, "rare": RARE}


@pytest.mark.parametrize("name", ALL)
def test_every_beginning_derives(name: str) -> None:
    check_every_prefix(CODEX, ALL[name])


@pytest.mark.parametrize("name", ALL)
def test_changed_values_and_bytes_are_no_error(name: str) -> None:
    check_mutations(CODEX, ALL[name], count=60)


@pytest.mark.parametrize("name", ALL)
def test_tokens_never_fall_as_a_rollout_grows(name: str) -> None:
    transcript = ALL[name]
    before = TokenUsage()
    for end in (place + 1 for place, byte in enumerate(transcript.data) if byte == 0x0A):
        session = CODEX.derive([transcript.cut(end)])
        usage = TokenUsage() if session is None else session.usage
        assert all(now >= then for now, then in zip(usage, before, strict=True))
        before = usage


@given(st.lists(st.sampled_from(RARE.data.splitlines()[1:]), max_size=40))
def test_lines_in_any_order_and_number_derive(lines: list[bytes]) -> None:
    check(CODEX.derive([StoredTranscript(RARE.name, RARE.data.splitlines()[0] + b"\n" + b"\n".join(lines) + b"\n")]))


def test_lines_that_are_not_json_are_passed_over() -> None:
    session = derive(
        rollout(
            b"{half a header",
            header(),
            b"",
            b"5",
            b'{"timestamp": "2026-11-28T06:25:09.810Z", "type": "response_item", "payload": {"type": "mess',
            said("user", "One."),
            b"\r",
        )
    )
    assert talk(session) == ["USER: One."]


def test_characters_that_are_no_text_are_replaced() -> None:
    start = b'{"timestamp":"2026-11-28T06:25:10Z","type":"response_item","payload":{"type":"message","role":"user",'
    session = derive(
        rollout(
            header(),
            start + b'"content":[{"type":"input_text","text":"a\\ud800b"}]}}',
            start + b'"content":[{"type":"input_text","text":"c\xffd","odd":NaN}]}}\r',
            start + b'"content":[{"type":"input_text","text":"e\\u0000f"}]}}',
        )
    )
    assert talk(session) == ["USER: a\ufffdb", "USER: c\ufffdd", "USER: e\ufffdf"]


def test_numbers_beyond_64_bits_are_no_error() -> None:
    numbers = b'"a":123456789012345678901234567890'
    lines = [
        b'{"type":"newer","payload":[{' + numbers + b"}]," + numbers + b"}",
        b'{"type":5,' + numbers + b',"payload":5}',
    ]
    session = derive(rollout(header(), said("user", "One."), *lines, b'{"type":"newer","payload":{' + numbers + b"}}"))
    assert [message.build()[0].get("value") for message in session.messages[1:]] == [
        [{"a": 123456789012345678901234567890}],
        None,
    ]


def test_a_rollout_without_a_header_has_the_id_of_its_name() -> None:
    session = derive(rollout(said("user", "One.")))
    assert session.id == "01a220d4-3cb0-7130-803d-c10009ff2376"
    assert session.workspace == ""


@pytest.mark.parametrize("lines", [[], [header()], [header(), event("task_started", turn_id="t1")]])
def test_a_rollout_in_which_nothing_was_said_is_no_session(lines: list[object]) -> None:
    assert CODEX.derive([rollout(*lines)]) is None


def test_an_id_that_cannot_be_one_gives_way_to_that_of_the_name() -> None:
    transcript = rollout(header("no id, this one"), said("user", "One."))
    assert CODEX.session_id(transcript) == derive(transcript).id == "01a220d4-3cb0-7130-803d-c10009ff2376"


def test_lines_of_no_known_type_are_shown_as_they_are() -> None:
    session = derive(
        rollout(
            header(),
            said("user", "One."),
            record("newer_line", {"a": [1]}),
            record("newest_line", [1, 2]),
            event("newer_event", text="?"),
            completed("NewerItem", text="!"),
            item("newer_item", text="-"),
        )
    )
    assert [(message.role, message.build()) for message in session.messages[1:]] == [
        ("SYSTEM", [{"type": "newer_line", "a": [1]}]),
        ("SYSTEM", [{"type": "newest_line", "value": [1, 2]}]),
        ("SYSTEM", [{"type": "newer_event", "text": "?"}]),
        ("SYSTEM", [{"type": "NewerItem", "text": "!"}]),
        ("ASSISTANT", [{"type": "newer_item", "text": "-"}]),
    ]
    assert list(session.live) == [0, 5]
