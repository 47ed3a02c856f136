"""What a model cites of the memories of earlier sessions, which Codex reads and does not show."""

from storage.handoff.handoff import make_handoff
from tests.support.handoffs import conversation_of
from tests.support.rollouts import completed, derive, header, rollout, said, talk

CITATION = (
    "<oai-mem-citation>\n<citation_entries>\nMEMORY.md:1-2|note=[prices]\n</citation_entries>\n"
    "<rollout_ids>\n01a22e8d-7a1d-7a11-91dc-4ad491a039b9\n</rollout_ids>\n</oai-mem-citation>"
)
SHOWN = completed("AgentMessage", content=[{"type": "Text", "text": "Mint is 2.\n\n"}], memory_citation={"entries": []})


def test_a_citation_is_marked_and_not_handed_over() -> None:
    answer = said("assistant", f"Mint is 2.\n\n{CITATION}")
    session = derive(rollout(header(), said("user", "Which tea?"), SHOWN, answer))
    assert session.messages[1].build() == [
        {"type": "text", "text": "Mint is 2.\n\n"},
        {"type": "text", "text": CITATION, "is_injected": True},
    ]
    [prompt, handed] = make_handoff(conversation_of(session), "CLAUDE_CODE", None).prepared.messages
    assert (prompt.parts, handed.parts) == ((("Which tea?",),), (("Mint is 2.\n\n",),))


def test_a_text_around_citations_stays() -> None:
    session = derive(rollout(header(), said("user", "Go."), said("assistant", f"One.\n{CITATION}\nTwo.\n{CITATION}")))
    texts = [block["text"] for block in session.messages[1].build()]
    assert texts == ["One.\n", "\nTwo.\n", CITATION, CITATION]


def test_a_word_about_the_mark_is_no_citation() -> None:
    session = derive(rollout(header(), said("user", "Go."), said("assistant", "It ends with <oai-mem-citation>.")))
    assert talk(session) == ["USER: Go.", "ASSISTANT: It ends with <oai-mem-citation>."]
