"""Sessions that Claude Code 2.1.332 wrote in runs against a scripted model."""

from pathlib import Path
from typing import Any

import pytest

from storage.documents.derived_session import MAIN, SUBAGENT, DerivedSession
from storage.records.token_usage import TokenUsage
from tests.support.claude_code import FORMAT, derive, shown
from tests.support.stored_transcript import StoredTranscript

FOUND = {found.name.rpartition("/")[2][:8]: found for found in FORMAT.find(Path(__file__).parent).transcripts}
STOCK, RECEIPTS, FRUIT, PEARS, AGENT = "cd1f8e7a", "6aed4a66", "0ee3a9cb", "bf003848", "agent-aa"


def session(key: str) -> DerivedSession:
    return derive(StoredTranscript.found(FOUND[key]))


def blocks(derived: DerivedSession, index: int) -> list[dict[str, Any]]:
    return derived.messages[index].build()


@pytest.mark.parametrize(
    ("key", "title", "first_prompt", "message_count"),
    [
        (STOCK, "Stock count", "How much fruit do we have, and what is on the label?", 6),
        (RECEIPTS, None, "Count the receipts and write the total down.", 8),
        (FRUIT, None, "Read the long list of fruit.", 6),
        (PEARS, "Pear order", "order twenty pears", 4),
        (AGENT, "Count the stock", "Count the fruit in stock.txt.", 4),
    ],
)
def test_a_session_has_its_title_its_first_prompt_and_its_messages(
    key: str, title: str | None, first_prompt: str, message_count: int
) -> None:
    derived = session(key)

    assert (derived.title, derived.first_prompt) == (title, first_prompt)
    assert sum(not message.is_injected for message in derived.messages) == message_count
    assert (derived.workspace, derived.model) == ("/home/dev/shop", "claude-opus-5-5")
    assert (derived.agent_version, derived.git_branch) == ("2.1.332", None)


def test_parallel_calls_and_their_results_all_belong_to_the_conversation() -> None:
    derived = session(STOCK)

    assert shown(derived, live_only=True) == [
        "U How much fruit do we have, and what is on the label?",
        "A <thinking> I will ask a helper and look at the label. call:toolu_mock0001_2 call:toolu_mock0001_3",
        "U result:toolu_mock0001_3 result:toolu_mock0001_2",
        "A There are 20 pieces of fruit; the label is one dot.",
        "U Which is most?",
        "A The plums: 12.",
    ]
    image, report = blocks(derived, 2)
    assert [block["type"] for block in image["content"]] == ["image"]
    assert report["content"] == [{"type": "text", "text": "20 pieces of fruit."}]
    assert "branches" not in derived.metadata


def test_a_subagent_is_a_session_of_its_own() -> None:
    derived, parent = session(AGENT), session(STOCK)

    assert (parent.kind, parent.parent_id) == (MAIN, None)
    assert (derived.kind, derived.parent_id) == (SUBAGENT, parent.id)
    assert derived.id == f"{parent.id}-agent-aa3c9968ac8b6a14e"
    assert shown(derived, live_only=True) == [
        "U Count the fruit in stock.txt.",
        "A <thinking> call:toolu_mock0002_1",
        "U result:toolu_mock0002_1",
        "A 20 pieces of fruit.",
    ]
    assert parent.usage == TokenUsage(input=33, cache_read=9, cache_write=21, output=126)
    assert derived.usage == TokenUsage(input=22, cache_read=6, cache_write=14, output=84)


def test_a_long_output_is_read_from_its_own_file() -> None:
    derived = session(RECEIPTS)

    (result,) = blocks(derived, 2)
    assert isinstance(result["content"], str)
    assert result["content"].splitlines()[-1] == "receipt 01900 paid"
    assert shown(derived, live_only=True) == [
        "U Count the receipts and write the total down.",
        "A Listing all receipts. call:toolu_mock0001_1",
        "U result:toolu_mock0001_1",
        "A call:toolu_mock0002_0 call:toolu_mock0002_1",
        "U result:toolu_mock0002_0 result:toolu_mock0002_1",
        "A call:toolu_mock0003_0",
        "U result:toolu_mock0003_0",
        "A 1,900 receipts are listed in total.txt.",
    ]


def test_after_a_compaction_the_model_sees_the_summary_and_what_was_preserved() -> None:
    derived = session(FRUIT)

    assert shown(derived) == [
        "U Read the long list of fruit.",
        "A The list is long; I have read it.",
        "U What is last on it?",
        "s <compaction>",
        "A Quinces are last on the list.",
        "U And first?",
        "A Apples are first.",
    ]
    assert derived.live == [3, 2, 4, 5, 6]
    assert "had a long list of fruit read" in blocks(derived, 3)[0]["summary"]
    assert derived.metadata["compactions"] == [
        {
            "uuid": "21a129da-b76a-4213-8ef9-b7dbcc0ec36e",
            "timestamp": "2026-11-28T06:14:38.264Z",
            "trigger": "auto",
            "preTokens": 990015,
            "postTokens": 517,
        }
    ]


def test_a_rename_is_injected_text_and_the_title() -> None:
    derived = session(PEARS)

    assert shown(derived, live_only=True)[2][:2] == "u "
    assert [message.is_injected for message in derived.messages] == [False, False, True, True, True, False, False]
    assert (derived.mode, derived.recorded_cost) == ("default", 0.0027587999999999996)
    assert derived.metadata["agent-name"] == {"agentName": "Pear order"}


def test_the_end_that_a_person_had_summarized_is_replaced_in_its_place() -> None:
    [found] = FORMAT.find(Path(__file__).parent / "summarized_home").transcripts
    derived = derive(StoredTranscript.found(found))

    # "Summarize from here" of the rewind keeps the beginning, which was sent before the summary.
    assert shown(derived, live_only=True) == [
        "U What does mint tea cost?",
        "A Mint tea costs 2.",
        "s <compaction>",
        "U Write the list.",
        "A It is written.",
        "U Thanks.",
        "A You are welcome.",
    ]
    assert "They talked of black and green tea." in str(blocks(derived, derived.live[2]))
    assert [line for line in shown(derived) if "green tea?" in line or "Green tea" in line] == [
        "U And green tea?",
        "A Green tea costs 4.",
    ]
