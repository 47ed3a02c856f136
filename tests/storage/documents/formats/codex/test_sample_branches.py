"""Rollouts of branched threads that Codex 0.171.0 wrote itself: compacted, reverted, forked, and with a subagent.

What each thread's model saw was compared with the requests that the program sent.
"""

from pathlib import Path

import pytest

from storage.documents.derived_session import FORK, MAIN, SUBAGENT, DerivedSession
from tests.support.rollouts import derive, home_transcripts, talk

HOME = Path(__file__).parent / "branched_home"
COMPACTED = "01a2222b-f778-7140-959c-109422cb212b"
REVERTED = "01a2222c-0436-7880-9d88-be818f10e365"
FORK_OF_REVERTED = "01a2222c-0b4f-7cd2-8764-6bf0b5215b72"
PARENT = "01a2222c-0d4a-7d21-8f96-b21d638cef04"
CHILD = "01a2222c-0e4c-7442-bdb0-1ed5f08373e3"
LEGACY = "01a2222c-1b20-74a3-9243-813457d5b6ca"
LEGACY_FORK = "01a2222c-1c6a-77b0-bbfa-3e457d173b66"


@pytest.fixture(scope="module")
def sessions() -> dict[str, DerivedSession]:
    return {thread_id: derive(*transcripts) for thread_id, transcripts in home_transcripts(HOME).items()}


def test_each_thread_is_one_session(sessions: dict[str, DerivedSession]) -> None:
    found = {thread_id: (session.kind, session.parent_id) for thread_id, session in sessions.items()}
    assert found == {
        COMPACTED: (MAIN, None),
        REVERTED: (MAIN, None),
        FORK_OF_REVERTED: (FORK, REVERTED),
        PARENT: (MAIN, None),
        CHILD: (SUBAGENT, PARENT),
        LEGACY: (MAIN, None),
        LEGACY_FORK: (FORK, LEGACY),
    }


def test_a_compacted_thread(sessions: dict[str, DerivedSession]) -> None:
    session = sessions[COMPACTED]
    roles = [message.role for message in session.messages]
    assert roles == [
        *("SYSTEM", "USER", "USER", "ASSISTANT", "TOOL", "ASSISTANT", "USER", "ASSISTANT"),
        *("SYSTEM", "USER", "ASSISTANT"),
    ]
    [summary] = session.messages[8].build()
    assert summary["type"] == "compaction"
    assert str(summary["summary"]).endswith("Oil is 4, salt is none left.")
    # The first prompt, the renewed context, the second prompt, the summary, and what came after.
    assert list(session.live) == [2, 0, 1, 6, 8, 9, 10]
    # The total that the program itself had of the thread.
    assert sum(session.usage) == sum(sum(message.usage or ()) for message in session.messages) == 655
    assert session.messages[8].usage is not None


def test_calls_of_one_reply_and_their_outputs(sessions: dict[str, DerivedSession]) -> None:
    reply, outputs = sessions[COMPACTED].messages[3:5]
    assert [block["type"] for block in reply.build()] == ["thinking", "text", "tool_use", "tool_use"]
    assert [block.get("is_error") for block in outputs.build()] == [None, True]


def test_a_reverted_thread(sessions: dict[str, DerivedSession]) -> None:
    session = sessions[REVERTED]
    first, back, more, then = (
        ["USER: Open the shop.", "ASSISTANT: Done: Open the shop."],
        ["USER: Close the shop.", "ASSISTANT: Done: Close the shop."],
        ["USER: Lock the door.", "ASSISTANT: Done: Lock the door."],
        ["USER: Sweep the floor.", "ASSISTANT: Done: Sweep the floor."],
    )
    assert talk(session) == [*first, *back, *more, *then]
    assert talk(session, session.live)[2:] == [*first, *then]
    assert session.metadata["branches"] == [{"first": 4, "last": 7}]


def test_a_fork_of_a_reverted_thread(sessions: dict[str, DerivedSession]) -> None:
    session = sessions[FORK_OF_REVERTED]
    prompts = [line for line in talk(session) if line.startswith("USER")]
    assert prompts == ["USER: Open the shop.", "USER: Sweep the floor.", "USER: Wash the windows."]
    assert list(session.live) == list(range(len(session.messages)))
    assert [message.usage is not None for message in session.messages if message.role == "ASSISTANT"] == [
        *(False, False, True)
    ]


def test_a_thread_and_its_subagent(sessions: dict[str, DerivedSession]) -> None:
    parent, child = sessions[PARENT], sessions[CHILD]
    assert (child.title, child.first_prompt) == ("Linnaeus (explorer)", "Count the vans.")
    [call] = parent.messages[3].build()
    assert (call["name"], call["namespace"]) == ("multi_agent_v1__spawn_agent", "multi_agent_v1")
    # The program tells what the subagent answered under the user's role.
    assert [message.is_injected for message in parent.messages if message.role == "USER"] == [True, False, True, False]


def test_what_the_program_migrates_stays_the_same_talk(sessions: dict[str, DerivedSession]) -> None:
    for thread_id, transcripts in home_transcripts(HOME.parent / "migrated_home").items():
        migrated, legacy = derive(*transcripts), sessions[thread_id]
        assert (migrated.metadata["history_mode"], legacy.metadata["history_mode"]) == ("paginated", "legacy")
        assert talk(migrated, migrated.live) == talk(legacy, legacy.live)
        assert (migrated.kind, migrated.parent_id, migrated.usage) == (legacy.kind, legacy.parent_id, legacy.usage)
        assert migrated.created_at == legacy.created_at


def test_a_legacy_fork_copies_its_source(sessions: dict[str, DerivedSession]) -> None:
    source, session = sessions[LEGACY], sessions[LEGACY_FORK]
    assert talk(session)[:2] == talk(source)
    assert session.first_prompt == source.first_prompt == "Water the plants."
    assert session.usage == session.messages[-1].usage
