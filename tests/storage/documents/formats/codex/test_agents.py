"""Rollouts of a thread and its agent that Codex 0.171.0 wrote itself with one of its newest models.

The models get the tools as an item, and the agents write messages to each other. What the thread's model saw was
compared with the requests that the program sent. Long descriptions of tools and instructions were cut.
"""

from pathlib import Path

import pytest

from storage.documents.derived_session import MAIN, SUBAGENT, DerivedSession
from tests.support.rollouts import derive, home_transcripts, talk, texts_of

HOME = Path(__file__).parent / "agents_home"
ROOT = "01a22807-6ecf-7141-9048-e7ebad2c6488"
AGENT = "01a22807-710c-7502-86bc-146f15f747e2"


@pytest.fixture(scope="module")
def sessions() -> dict[str, DerivedSession]:
    return {thread_id: derive(*transcripts) for thread_id, transcripts in home_transcripts(HOME).items()}


def test_a_thread_shows_the_reports_of_its_agent_as_injected(sessions: dict[str, DerivedSession]) -> None:
    session = sessions[ROOT]
    assert (session.kind, session.first_prompt) == (MAIN, "What does mint tea cost? Let an agent look.")
    assert [line for line in talk(session) if line.startswith(("USER", "ASSISTANT"))] == [
        "USER: What does mint tea cost? Let an agent look.",
        "ASSISTANT: An agent. | collaboration__spawn_agent",
        "ASSISTANT: collaboration__wait_agent",
        "ASSISTANT: Mint tea costs 2.",
        "USER: And black tea?",
        "ASSISTANT: collaboration__list_agents",
        "ASSISTANT: collaboration__followup_task",
        "ASSISTANT: collaboration__wait_agent",
        "ASSISTANT: Black tea is not on it.",
        "USER: Thanks.",
        "ASSISTANT: Tea it is.",
    ]
    reports = [message for message in session.messages if "Message Type" in texts_of(message)]
    assert [(message.role, message.is_injected, texts_of(message).splitlines()[-1]) for message in reports] == [
        ("USER", True, "The list has mint tea."),
        ("USER", True, "It has no black tea."),
    ]
    assert list(session.live) == list(range(len(session.messages)))


def test_an_agent_has_what_it_was_told(sessions: dict[str, DerivedSession]) -> None:
    session = sessions[AGENT]
    assert (session.kind, session.parent_id, session.title) == (SUBAGENT, ROOT, "Harvey")
    reports = [message for message in session.messages if "Message Type: NEW_TASK" in texts_of(message)]
    assert [(message.role, message.is_injected) for message in reports] == [("USER", True), ("USER", True)]
    # The tasks themselves are for the provider alone.
    assert "Read the list" not in " ".join(map(texts_of, reports))
    # What it has of its parent's talk cost it nothing.
    assert session.usage.output == 4 * 34
    assert {block["type"] for message in session.messages for block in message.build()} == {
        *("text", "tool_use", "tool_result"),
    }
