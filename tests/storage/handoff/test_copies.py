"""What is written for each target is read back by its importer as the same conversation, from each source."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.documents.derived_session import FORK
from storage.handoff.conversation import Conversation, SaidMessage, live_messages
from storage.handoff.handoff import NoHandoff, make_handoff
from storage.handoff.targets import TARGETS
from tests.support.handoffs import fixture_conversations, hard_conversation, lost, read_back, with_summary

FIXTURES = [conversation for conversation in fixture_conversations() if conversation.messages]
AFTERWARDS = timedelta(milliseconds=1)


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("source", sorted({conversation.source for conversation in FIXTURES}))
def test_copies_of_saved_sessions_are_read_back_whole(source: str, to: str) -> None:
    tried = 0
    for conversation in FIXTURES:
        if conversation.source != source:
            continue
        try:
            handoff = make_handoff(conversation, to, None)
        except NoHandoff:
            continue
        assert lost(handoff) is None, conversation.session_id
        tried += 1
    assert tried


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("has_summary", [False, True], ids=["whole", "compacted"])
def test_a_copy_has_everything_that_is_easily_lost(to: str, has_summary: bool) -> None:
    conversation = hard_conversation()
    handoff = make_handoff(with_summary(conversation) if has_summary else conversation, to, None)

    assert lost(handoff) is None


@pytest.mark.parametrize("to", TARGETS)
def test_a_copy_names_where_it_came_from(to: str) -> None:
    conversation = hard_conversation()

    session = read_back(make_handoff(conversation, to, "/home/dev/other"))

    assert (session.kind, session.parent_id) == (FORK, conversation.session_id)
    assert session.title == "The red dot (from zagens)"
    assert session.workspace == "/home/dev/other"
    assert session.first_prompt == "What is in this picture?"


@pytest.mark.parametrize("to", TARGETS)
def test_a_copy_keeps_the_times_and_counts_no_tokens(to: str) -> None:
    conversation = hard_conversation()

    session = read_back(make_handoff(conversation, to, None))

    times = [message.created_at for message in session.messages if message.created_at is not None]
    said = [message.created_at for message in conversation.messages if message.created_at is not None]
    assert times[0] == said[0]
    assert times[-1] == said[-1]
    assert times == sorted(times)
    assert sum(session.usage) == 0


@pytest.mark.parametrize("to", TARGETS)
def test_each_copy_has_a_new_id_and_calls_have_ids_of_their_own(to: str) -> None:
    first, second = (make_handoff(hard_conversation(), to, None) for _ in range(2))
    ids = [
        block["id"] for message in read_back(first).messages for block in message.build() if block["type"] == "tool_use"
    ]

    assert first.session_id != second.session_id
    assert len(ids) == len(set(ids)) == 6


def test_a_session_without_a_word_is_not_handed_over() -> None:
    for to in TARGETS:
        with pytest.raises(NoHandoff, match="Nothing was said"):
            make_handoff(replace(hard_conversation(), messages=()), to, None)


_words = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    st.sampled_from(
        [
            "",
            " ",
            "<system-reminder>a</system-reminder>",
            "<environment_context>x",
            "# AGENTS.md instructions for /",
            "Process exited with code 1",
            '{"output": "x", "metadata": {"exit_code": 2}}',
            "[Request interrupted by user]",
            "/compact",
            "aborted",
        ]
    ),
)
_images = st.sampled_from(
    [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
        {"type": "image", "source": {"type": "url", "url": "https://shop.example/dot.png"}},
    ]
)
_texts = st.builds(lambda text: {"type": "text", "text": text}, _words)
_ids = st.sampled_from(["a", "b", "call_0"])
_inputs = st.one_of(
    st.dictionaries(st.sampled_from(["a", "path"]), st.one_of(_words, st.integers(), st.none()), max_size=2),
    _words,
    st.none(),
    st.lists(st.integers(), max_size=2),
)
_calls = st.builds(
    lambda id, name, given: {"type": "tool_use", "id": id, "name": name, "input": given},
    _ids,
    st.sampled_from(["bash", "till.price", "größe", "x" * 80, "apply_patch"]),
    _inputs,
)
_results = st.builds(
    lambda id, content, is_error: {
        "type": "tool_result",
        "tool_use_id": id,
        "content": content,
        "is_error": is_error,
    },
    _ids,
    st.one_of(_words, st.lists(st.one_of(_texts, _images, st.just({"type": "strange"})), max_size=3)),
    st.booleans(),
)
_thoughts = st.one_of(
    st.builds(lambda text: {"type": "thinking", "thinking": text}, _words),
    st.builds(lambda text: {"type": "thinking", "thinking": text, "signature": "c2Vh"}, _words),
    st.just({"type": "redacted_thinking", "data": "x"}),
)
_summaries = st.builds(lambda text: {"type": "compaction", "summary": text}, _words)
_blocks = st.one_of(_texts, _images, _calls, _results, _thoughts, _summaries, st.just({"type": "strange", "value": 1}))
_messages = st.builds(
    SaidMessage,
    st.sampled_from(["USER", "ASSISTANT", "TOOL", "SYSTEM"]),
    st.one_of(_words, st.lists(_blocks, max_size=4)),
    st.one_of(
        st.none(),
        st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 1)).map(lambda time: time.replace(tzinfo=UTC)),  # noqa: DTZ001  # hypothesis takes only naive ones
    ),
    st.sampled_from([None, "some-model"]),
)


@pytest.mark.parametrize("to", TARGETS)
@given(said=st.lists(_messages, max_size=8))
def test_copies_of_any_conversation_are_read_back_whole(to: str, said: list[SaidMessage]) -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    conversation = Conversation("5e55", "ZAGENS", "Any", "/home/dev/shop", began, began, live_messages(said))
    try:
        handoff = make_handoff(conversation, to, None)
    except NoHandoff:
        return

    assert lost(handoff) is None
