"""What is derived of the sessions that Gemini CLI wrote into the sample home."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.documents.derived_session import MAIN
from storage.records.token_usage import TokenUsage
from tests.support.format_checks import check_every_prefix, check_mutations, shown
from tests.support.gemini_records import FORMAT
from tests.support.stored_transcript import StoredTranscript

HOME = Path(__file__).parent / "home"


def fixtures() -> dict[str, StoredTranscript]:
    found = FORMAT.find(HOME).transcripts
    return {transcript.name[-14:-6]: StoredTranscript.found(transcript) for transcript in found}


def test_a_session_of_one_run() -> None:
    session = FORMAT.derive([fixtures()["7aecce86"]])
    assert session is not None
    assert shown(session) == [
        ("USER", ["text: What is in this folder?"]),
        (
            "ASSISTANT",
            [
                "thinking: I should list the folder first.",
                "text: Let me look.",
                'call list_directory: {"dir_path":"."}',
            ],
        ),
        (
            "TOOL",
            [
                "result list_directory__list_directory_1795847017366_0: "
                "Directory listing for /home/dev/shop:\nprices.csv (25 bytes)\nREADME.md (11 bytes)"
            ],
        ),
        ("ASSISTANT", ["text: There is a price list and a readme."]),
    ]
    assert session.id == "7aecce86-f772-40ff-8f4e-42111096f6e0"
    assert session.workspace == "/home/dev/shop"
    assert (session.title, session.first_prompt) == (None, "What is in this folder?")
    assert (session.kind, session.parent_id, session.model) == (MAIN, None, "gemini-3.8-flash")
    assert session.usage == TokenUsage(input=200, output=40)
    assert session.created_at == datetime(2026, 11, 28, 6, 23, 37, 307000, UTC)
    assert session.updated_at == datetime(2026, 11, 28, 6, 23, 37, 592000, UTC)
    assert [message.is_injected for message in session.messages] == [True, False, False, False, False]
    assert list(session.live) == [0, 1, 2, 3, 4]


def test_a_history_that_is_written_again_is_counted_once() -> None:
    session = FORMAT.derive([fixtures()["1c7d6b83"]])
    assert session is not None
    assert shown(session) == [
        ("USER", ["text: What is the cheapest tea?"]),
        ("ASSISTANT", ["thinking: Read the price list.", 'call read_file: {"file_path":"prices.csv"}']),
        ("TOOL", ["result read_file__read_file_1795847018738_0: tea,price\nmint,2\nblack,3\n"]),
        ("ASSISTANT", ["text: Mint tea is the cheapest, at 2 a cup."]),
        ("USER", ["text: Thanks, that is all."]),
        ("ASSISTANT", ["text: You are welcome."]),
    ]
    assert session.usage == TokenUsage(input=300, output=60)
    assert [message.model for message in session.messages if message.role == "ASSISTANT"] == ["gemini-3.8-flash"] * 3
    assert len(session.live) == 7


def test_digests_of_a_history_that_is_written_again_stay() -> None:
    transcript = fixtures()["1c7d6b83"]
    whole = FORMAT.derive([transcript])
    before = FORMAT.derive([transcript.cut(transcript.data.index(b'{"$set":{"sessionId"'))])
    assert whole is not None
    assert before is not None
    assert [message.digest for message in whole.messages[:5]] == [message.digest for message in before.messages]


@pytest.mark.parametrize("name", ["7aecce86", "1c7d6b83"])
def test_any_whole_lines_and_strange_values_derive(name: str) -> None:
    check_every_prefix(FORMAT, fixtures()[name])
    check_mutations(FORMAT, fixtures()[name])
