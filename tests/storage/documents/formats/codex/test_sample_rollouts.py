"""Rollouts that Codex 0.171.0 wrote itself, read whole."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.documents.derived_session import FORK, MAIN
from storage.documents.formats.codex.session import SOURCE
from storage.records.token_usage import TokenUsage
from tests.support.rollouts import CODEX, contents, derive, home_transcripts, spoken_count, talk
from tests.support.stored_transcript import StoredTranscript

HOME = Path(__file__).parent / "home"
PAGINATED = "01a220d4-3cb0-7130-803d-c10009ff2376"
LEGACY = "01a220d4-662a-7a40-87c7-7815d612fc8c"
FORK_SOURCE = "01a220d4-67e4-7ba2-b57f-45505d20b13b"
FORKED = "01a220d4-9128-7b02-bc0e-ac810aabed4c"
INTERRUPTED = "01a220d4-9230-7cd3-9d46-60d00a373092"

A_REPLY = TokenUsage(input=60, cache_read=40, output=15, reasoning=5)


@pytest.fixture(scope="module")
def transcripts() -> dict[str, StoredTranscript]:
    return {thread_id: transcript for thread_id, [transcript] in home_transcripts(HOME).items()}


@pytest.mark.parametrize(
    ("thread_id", "count"), [(PAGINATED, 5), (LEGACY, 4), (FORK_SOURCE, 4), (FORKED, 4), (INTERRUPTED, 2)]
)
def test_each_prompt_and_each_answer_is_read_once(
    transcripts: dict[str, StoredTranscript], thread_id: str, count: int
) -> None:
    session = derive(transcripts[thread_id])
    assert (session.id, session.source, spoken_count(session)) == (thread_id, SOURCE, count)
    assert (session.workspace, session.agent_version, session.model) == ("/home/dev/shop", "0.171.0", "gpt-5.5")
    assert session.system_prompt == "Base instructions (shortened)."


def test_a_resumed_paginated_rollout(transcripts: dict[str, StoredTranscript]) -> None:
    session = derive(transcripts[PAGINATED])
    assert session.first_prompt == "What is on the shelf?\nGive numbers."
    assert (session.kind, session.parent_id, session.title, session.is_archived) == (MAIN, None, None, False)
    assert session.mode == "never, danger-full-access"
    assert session.created_at == datetime(2026, 11, 28, 6, 25, 9, 810_000, UTC)
    assert session.updated_at == datetime(2026, 11, 28, 6, 25, 15, 243_000, UTC)
    assert contents(session) == [
        ("USER", [{"type": "text", "text": "What is on the shelf?\nGive numbers."}]),
        (
            "ASSISTANT",
            [
                {"type": "thinking", "thinking": "**Planning**\n\nLook before writing."},
                {"type": "text", "text": "I check the shelf file."},
                {
                    "type": "tool_use",
                    "id": "call_shelf",
                    "name": "exec_command",
                    "input": {"cmd": 'printf "oil 4\\nsalt 9\\n"'},
                },
            ],
        ),
        (
            "TOOL",
            [
                {
                    "type": "tool_result",
                    "tool_use_id": "call_shelf",
                    "content": "Chunk ID: a035eb\nWall time: 0.0000 seconds\nProcess exited with code 0\n"
                    "Original token count: 4\nOutput:\noil 4\nsalt 9\n",
                }
            ],
        ),
        ("ASSISTANT", [{"type": "text", "text": "Oil: 4, salt: 9."}]),
        ("USER", [{"type": "text", "text": "Write it down."}]),
        (
            "ASSISTANT",
            [
                {
                    "type": "tool_use",
                    "id": "call_patch",
                    "name": "apply_patch",
                    "input": "*** Begin Patch\n*** Add File: shelf.md\n+oil 4\n+salt 9\n*** End Patch\n",
                }
            ],
        ),
        (
            "TOOL",
            [
                {
                    "type": "tool_result",
                    "tool_use_id": "call_patch",
                    "content": "Exit code: 0\nWall time: 0 seconds\nOutput:\n"
                    "Success. Updated the following files:\nA shelf.md\n",
                }
            ],
        ),
        ("ASSISTANT", [{"type": "text", "text": "Written to `shelf.md`."}]),
    ]
    assert session.usage == TokenUsage(input=240, cache_read=160, output=60, reasoning=20)
    assert [message.usage for message in session.messages if message.role == "ASSISTANT"] == [A_REPLY] * 4
    assert {message.model for message in session.messages if message.role == "ASSISTANT"} == {"gpt-5.5"}
    assert list(session.live) == list(range(len(session.messages)))


def test_what_the_program_put_in_is_marked(transcripts: dict[str, StoredTranscript]) -> None:
    session = derive(transcripts[PAGINATED])
    injected = [(message.role, message.build()) for message in session.messages if message.is_injected]
    assert [role for role, _ in injected] == ["SYSTEM", "USER"]
    assert all(block["is_injected"] for _, blocks in injected for block in blocks)
    agents_md, environment = injected[1][1]
    assert str(agents_md["text"]).startswith("# AGENTS.md instructions")
    assert str(environment["text"]).startswith("<environment_context>")


def test_a_legacy_rollout_with_a_picture_and_a_name(transcripts: dict[str, StoredTranscript]) -> None:
    session = derive(transcripts[LEGACY])
    assert (session.title, session.mode) == ("The dot", "on-request, read-only")
    assert session.usage == TokenUsage(input=180, cache_read=120, output=45, reasoning=15)
    (role, [text, image]), *rest = contents(session)
    assert (role, text) == ("USER", {"type": "text", "text": "What is in the picture?"})
    source = image["source"]
    assert isinstance(source, dict)
    assert (image["type"], source["type"], source["media_type"]) == ("image", "base64", "image/png")
    [result] = rest[-2][1]
    assert (rest[-2][0], result["is_error"]) == ("TOOL", True)
    assert rest[-1] == ("ASSISTANT", [{"type": "text", "text": "The note failed with code 2."}])


def test_a_fork_begins_with_its_source_up_to_where_it_was_taken(transcripts: dict[str, StoredTranscript]) -> None:
    session = derive(transcripts[FORKED])
    assert (session.kind, session.parent_id) == (FORK, FORK_SOURCE)
    assert talk(session) == [
        "USER: Which van is free?",
        "ASSISTANT: Van one is free.",
        "USER: Send it at noon.",
        "ASSISTANT: In the fork it leaves at noon.",
    ]
    assert list(session.live) == list(range(len(session.messages)))
    # Its source's replies took no tokens of its own.
    assert session.usage == A_REPLY
    assert [message.usage for message in session.messages if message.role == "ASSISTANT"] == [None, A_REPLY]


def test_a_fork_without_its_source_has_its_own_messages(transcripts: dict[str, StoredTranscript]) -> None:
    alone = StoredTranscript(transcripts[FORKED].name, transcripts[FORKED].data)
    session = derive(alone)
    assert talk(session) == ["USER: Send it at noon.", "ASSISTANT: In the fork it leaves at noon."]
    assert (session.kind, session.parent_id, session.usage) == (FORK, FORK_SOURCE, A_REPLY)
    assert session.metadata["missing_history_base"] == FORK_SOURCE


def test_an_interrupted_archived_rollout(transcripts: dict[str, StoredTranscript]) -> None:
    session = derive(transcripts[INTERRUPTED])
    assert session.is_archived
    assert talk(session) == [
        "USER: Clean the windows.",
        "ASSISTANT: I begin with the windows. | exec_command",
        "TOOL: Wall time: 1.0 seconds\naborted by user",
    ]
    [result] = contents(session)[-1][1]
    assert result["is_error"] is True
    assert session.messages[-1].is_injected


def test_ids_and_keys(transcripts: dict[str, StoredTranscript]) -> None:
    for thread_id, transcript in transcripts.items():
        assert CODEX.session_id(transcript) == thread_id
        assert CODEX.keys(transcript) == [thread_id]
