"""Forks, reverts, subagents, and copies of a rollout."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from storage.documents.derived_session import FORK, MAIN, SUBAGENT
from storage.documents.formats.transcript_format import Line
from storage.records.token_usage import TokenUsage
from tests.support.rollouts import CODEX, NAME, THREAD, derive, event, header, record, rollout, said, talk
from tests.support.stored_transcript import StoredTranscript

SEGMENT = "01a220d4-ffff-7ba2-b57f-45505d20b13b"
SECOND_SEGMENT = "01a220d5-0000-7ba2-b57f-45505d20b13b"
FORKED = "01a220d5-9128-7b02-bc0e-ac810aabed4c"
OLD_TURN, NEW_TURN = "01a220d4-3cc6-7ef1-9881-e5aa581e9707", "01a220d5-9999-7ef1-9881-e5aa581e9707"
ONE = ["USER: One.", "ASSISTANT: 1"]
USED = TokenUsage(input=10, output=5)


def numbered(lines: Sequence[object], first: int = 0) -> list[object]:
    """Lines with ordinals."""
    return [{**line, "ordinal": first + place} for place, line in enumerate(lines) if isinstance(line, dict)]


def used(times: int, turn_id: str, thread_id: str = THREAD) -> dict[str, object]:
    """The record of a reply with 10 and 5 tokens, after which the thread has had so many of them."""
    usage = {"input_tokens": 10, "output_tokens": 5}
    total = {"input_tokens": 10 * times, "output_tokens": 5 * times}
    values = {"thread_id": thread_id, "response_id": f"r{turn_id}", "usage": usage}
    return record("token_usage_record", {**values, "thread_token_usage": total})


def turn(prompt: str, answer: str, turn_id: str, times: int, thread_id: str = THREAD) -> list[object]:
    """Five lines."""
    return [
        event("task_started", turn_id=turn_id),
        said("user", prompt),
        event("user_message", message=prompt),
        said("assistant", answer, id=f"msg_{answer}"),
        used(times, turn_id, thread_id),
    ]


def name_of(thread_id: str, segment_id: str | None = None) -> str:
    ids = f"{thread_id}_{segment_id}" if segment_id else thread_id
    return f"sessions/2026/11/28/rollout-2026-11-28T06-30-00-{ids}.jsonl"


def base(key: str, end: int) -> dict[str, Any]:
    return {"history_base": {"thread_id": key, "end_ordinal_exclusive": end, "end_byte_offset": 0}}


FIRST = rollout(*numbered([header(), *turn("One.", "1", "t1", 1), *turn("Two.", "2", "t2", 2)]))


def revert(key: str, end: int, segment: str, *lines: object, second: int = 30) -> StoredTranscript:
    """What a thread continues with after a revert."""
    head = header(timestamp=f"2026-11-28T06:25:{second}.000Z", **base(key, end))
    return rollout(*numbered([head, *lines], end), name=name_of(THREAD, segment))


def fork(*lines: object, bases: dict[str, StoredTranscript] | None = None, **values: Any) -> StoredTranscript:
    head = header(FORKED, timestamp="2026-11-28T06:30:00.000Z", **values)
    return rollout(head, *lines, name=name_of(FORKED), bases=bases or {})


def test_a_revert_continues_in_a_second_file() -> None:
    second = revert(THREAD, 6, SEGMENT, *turn("Three.", "3", "t3", 2))
    assert CODEX.session_id(second) == CODEX.session_id(FIRST) == THREAD
    assert (CODEX.keys(FIRST), CODEX.keys(second)) == ([THREAD], [SEGMENT])
    session = derive(FIRST, second)
    assert (session.id, session.kind, session.parent_id) == (THREAD, MAIN, None)
    assert talk(session) == [
        "USER: One.",
        "ASSISTANT: 1",
        "USER: Two.",
        "ASSISTANT: 2",
        "USER: Three.",
        "ASSISTANT: 3",
    ]
    # The first file's rest is what was taken back.
    assert talk(session, session.live) == [*ONE, "USER: Three.", "ASSISTANT: 3"]
    assert session.metadata["branches"] == [{"first": 2, "last": 3}]
    assert session.usage == TokenUsage(input=30, output=15)
    assert str(session.created_at) == "2026-11-28 06:25:09.810000+00:00"


def test_the_order_in_which_the_files_are_given_does_not_matter() -> None:
    second = revert(THREAD, 6, SEGMENT, *turn("Three.", "3", "t3", 2))
    third = revert(THREAD, 6, SECOND_SEGMENT, *turn("Four.", "4", "t4", 2), second=40)
    for transcripts in ([second, FIRST], [third, second, FIRST], [second, third, FIRST]):
        session = derive(*transcripts)
        assert len(talk(session)) == 2 * (len(transcripts) + 1)
        assert len(session.live) == 4
        assert str(session.created_at) == "2026-11-28 06:25:09.810000+00:00"


def test_a_second_revert_continues_the_first() -> None:
    second = revert(THREAD, 6, SEGMENT, *turn("Three.", "3", "t3", 2), *turn("Four.", "4", "t4", 3))
    third = revert(SEGMENT, 12, SECOND_SEGMENT, *turn("Five.", "5", "t5", 3), second=40)
    session = derive(FIRST, second, third)
    assert talk(session, session.live) == [
        "USER: One.",
        "ASSISTANT: 1",
        "USER: Three.",
        "ASSISTANT: 3",
        "USER: Five.",
        "ASSISTANT: 5",
    ]
    assert session.metadata["branches"] == [{"first": 2, "last": 3}, {"first": 6, "last": 7}]


def test_a_revert_that_was_itself_left_is_a_branch() -> None:
    second = revert(THREAD, 6, SEGMENT, *turn("Three.", "3", "t3", 2))
    third = revert(THREAD, 6, SECOND_SEGMENT, *turn("Four.", "4", "t4", 2), second=40)
    session = derive(FIRST, second, third)
    assert talk(session, session.live) == [*ONE, "USER: Four.", "ASSISTANT: 4"]
    assert "USER: Three." in talk(session)
    assert session.usage == TokenUsage(input=40, output=20)


def test_a_revert_without_the_first_file_has_its_own_messages() -> None:
    session = derive(revert(THREAD, 6, SEGMENT, *turn("Three.", "3", "t3", 2)))
    assert talk(session) == ["USER: Three.", "ASSISTANT: 3"]
    assert session.metadata["missing_history_base"] == THREAD
    assert (session.id, session.kind, session.parent_id) == (THREAD, MAIN, None)


def test_a_second_revert_without_the_first_is_no_fork() -> None:
    session = derive(revert(SEGMENT, 12, SECOND_SEGMENT, *turn("Five.", "5", "t5", 3)))
    assert (session.id, session.kind, session.parent_id) == (THREAD, MAIN, None)
    assert session.metadata["missing_history_base"] == SEGMENT


def test_a_fork_of_a_revert_names_the_segment() -> None:
    second = revert(THREAD, 6, SEGMENT, *turn("Three.", "3", "t3", 2), *turn("Four.", "4", "t4", 3))
    bases = {THREAD: FIRST, SEGMENT: StoredTranscript(second.name, second.data, bases={THREAD: FIRST})}
    lines = turn("Five.", "5", "t5", 1, FORKED)
    session = derive(fork(*lines, bases=bases, forked_from_id=SEGMENT, **base(SEGMENT, 12)))
    assert talk(session, session.live) == [
        "USER: One.",
        "ASSISTANT: 1",
        "USER: Three.",
        "ASSISTANT: 3",
        "USER: Five.",
        "ASSISTANT: 5",
    ]
    # A segment is no session.
    assert (session.id, session.kind, session.parent_id, session.usage) == (FORKED, FORK, THREAD, USED)
    assert "branches" not in session.metadata


def test_a_fork_of_a_fork() -> None:
    middle_id = "01a220d4-eeee-7b02-bc0e-ac810aabed4c"
    head = header(middle_id, forked_from_id=THREAD, **base(THREAD, 6))
    lines = numbered([head, *turn("Three.", "3", "t3", 1, middle_id)], 6)
    middle = rollout(*lines, name=name_of(middle_id), bases={THREAD: FIRST})
    last = fork(*turn("Four.", "4", "t4", 1, FORKED), bases={middle_id: middle}, **base(middle_id, 12))
    assert talk(derive(last)) == [
        "USER: One.",
        "ASSISTANT: 1",
        "USER: Three.",
        "ASSISTANT: 3",
        "USER: Four.",
        "ASSISTANT: 4",
    ]
    # Taken before the source's own first line: nothing of it belongs to the fork.
    early = fork(*turn("Four.", "4", "t4", 1, FORKED), bases={middle_id: middle}, **base(middle_id, 6))
    assert talk(derive(early)) == [*ONE, "USER: Four.", "ASSISTANT: 4"]


def test_lines_that_an_older_version_added_to_the_base_are_not_the_forks() -> None:
    # Such as those of codex-acp 0.16.0, which have no ordinals.
    added = rollout(event("task_started", turn_id="t3"), said("user", "Three."), said("assistant", "3"))
    source = StoredTranscript(NAME, FIRST.data + added.data)
    lines = turn("Four.", "4", "t4", 3, FORKED)
    session = derive(fork(*lines, bases={THREAD: source}, forked_from_id=THREAD, **base(THREAD, 11)))
    assert talk(derive(source)) == [*ONE, "USER: Two.", "ASSISTANT: 2", "USER: Three.", "ASSISTANT: 3"]
    assert talk(session) == [*ONE, "USER: Two.", "ASSISTANT: 2", "USER: Four.", "ASSISTANT: 4"]


def test_rollouts_that_continue_each_other_derive() -> None:
    bases = {"another": FIRST}
    one = rollout(header(**base(FORKED, 9)), said("user", "One."), bases=bases)
    bases |= {THREAD: one, FORKED: rollout(header(FORKED, **base(THREAD, 9)), name=name_of(FORKED), bases=bases)}
    assert "USER: One." in talk(derive(one))


def legacy_fork(
    *own: object, bases: dict[str, StoredTranscript] | None = None, copied_turn: str = OLD_TURN
) -> StoredTranscript:
    copied = [header(), *turn("One.", "1", copied_turn, 1)]
    return fork(*copied, *own, bases=bases, forked_from_id=THREAD)


def test_a_fork_of_the_older_form_took_no_tokens_for_what_it_copied() -> None:
    source = rollout(header(), *turn("One.", "1", OLD_TURN, 1), *turn("Two.", "2", "t2", 2))
    lines = turn("Three.", "3", NEW_TURN, 2, FORKED)
    for bases in ({THREAD: source}, {}):
        session = derive(legacy_fork(*lines, bases=bases))
        assert (session.id, session.kind, session.parent_id) == (FORKED, FORK, THREAD)
        assert talk(session) == [*ONE, "USER: Three.", "ASSISTANT: 3"]
        assert session.usage == USED
        assert [message.usage for message in session.messages if message.role == "ASSISTANT"] == [None, USED]


def count(times: int) -> dict[str, object]:
    last = {"input_tokens": 10, "output_tokens": 5}
    total = {"input_tokens": 10 * times, "output_tokens": 5 * times}
    return event("token_count", info={"last_token_usage": last, "total_token_usage": total})


@pytest.mark.parametrize(("turn_id", "has_source"), [("turn-1", True), (OLD_TURN, True), (OLD_TURN, False)])
@pytest.mark.parametrize("has_header", [True, False])
def test_copied_turns_are_recognized_by_their_ids(turn_id: str, has_source: bool, has_header: bool) -> None:
    # Where the program migrated a fork, it left out the header of the source.
    copied = [event("task_started", turn_id=turn_id), said("user", "One."), said("assistant", "1"), count(1)]
    source = {THREAD: rollout(header(), *copied)} if has_source else {}
    own = [event("task_started", turn_id=NEW_TURN), said("user", "Two."), said("assistant", "2"), count(2)]
    head = [header()] if has_header else []
    session = derive(fork(*head, *copied, *own, forked_from_id=THREAD, bases=source))
    assert session.usage == USED


def test_tokens_of_a_fork_never_stand_at_a_copied_answer() -> None:
    copied = [header(), event("task_started", turn_id=OLD_TURN), said("assistant", "1"), count(1)]
    own = [event("task_started", turn_id=NEW_TURN), count(2), said("assistant", "2")]
    session = derive(fork(*copied, *own, forked_from_id=THREAD))
    assert [message.usage for message in session.messages] == [None, USED]


def test_a_fork_that_copied_nothing_took_all_its_tokens() -> None:
    own = [event("task_started", turn_id=NEW_TURN), said("assistant", "2"), count(2)]
    assert derive(fork(*own, forked_from_id=THREAD)).usage == USED


@pytest.mark.parametrize("turn", [{}, {"turn_id": "turn-1"}])
def test_copied_turns_without_ids_are_recognized_by_their_times(turn: dict[str, str]) -> None:
    def settings(millisecond: int, second: int = 0) -> dict[str, object]:
        line = record("turn_context", {"model": "gpt-5.5", **turn}, second)
        return {**line, "timestamp": f"2026-11-28T06:25:{second:02}.{millisecond:03}Z"}

    # Copied within a second of the first line, which the fork's own turn does not begin in.
    lines = [settings(12), said("assistant", "1"), count(1), settings(0, 9), said("assistant", "2"), count(2)]
    assert derive(fork(header(), *lines, forked_from_id=THREAD)).usage == USED


def test_copied_turns_with_ids_that_tell_nothing_are_those_of_before_the_fork() -> None:
    copied = [event("task_started", turn_id="turn-1"), said("assistant", "1"), count(1)]
    later = record("event_msg", {"type": "task_started", "turn_id": "turn-2"}, 59)
    session = derive(fork(header(), *copied, later, said("assistant", "2"), count(2), forked_from_id=THREAD))
    assert session.usage == USED


def test_a_subagent_is_a_session_of_its_own() -> None:
    spawn = {"parent_thread_id": THREAD, "depth": 1, "agent_nickname": "Ada", "agent_role": "explorer"}
    head = header(FORKED, session_id=THREAD, source={"subagent": {"thread_spawn": spawn}}, thread_source="subagent")
    session = derive(rollout(head, said("user", "Look."), said("assistant", "Seen."), name=name_of(FORKED)))
    assert (session.id, session.kind, session.parent_id) == (FORKED, SUBAGENT, THREAD)
    assert session.title == "Ada (explorer)"


def test_the_parent_of_a_subagent_that_copied_nothing_is_not_read() -> None:
    class Unreadable(StoredTranscript):
        def lines(self) -> Iterator[Line]:
            raise AssertionError

    head = header(FORKED, source={"subagent": {"thread_spawn": {"parent_thread_id": THREAD}}})
    lines = turn("Look.", "1", NEW_TURN, 1, FORKED)
    child = rollout(head, *lines, name=name_of(FORKED), bases={THREAD: Unreadable(NAME, b"")})
    assert derive(child).usage == USED


@pytest.mark.parametrize(
    ("source", "title"), [({"subagent": "review"}, "review"), ({"subagent": {"other": "guardian"}}, None)]
)
def test_other_subagents_have_the_parent_of_their_header(source: object, title: str | None) -> None:
    session = derive(rollout(header(FORKED, source=source, parent_thread_id=THREAD), said("user", "Look.")))
    assert (session.kind, session.parent_id, session.title) == (SUBAGENT, THREAD, title)


def test_a_subagent_that_was_given_its_parents_talk_took_no_tokens_for_it() -> None:
    spawn = {"parent_thread_id": THREAD, "depth": 1}
    head = header(FORKED, source={"subagent": {"thread_spawn": spawn}}, timestamp="2026-11-28T06:30:00.000Z")
    copied = [header(), *turn("One.", "1", OLD_TURN, 1)]
    session = derive(rollout(head, *copied, *turn("Look.", "2", NEW_TURN, 2, FORKED), name=name_of(FORKED)))
    assert (session.kind, session.usage) == (SUBAGENT, USED)


def test_a_copy_of_a_rollout_in_another_folder_adds_nothing() -> None:
    grown = rollout(*map(json.loads, FIRST.data.splitlines()), said("user", "Three."))
    copy = rollout(*map(json.loads, FIRST.data.splitlines()), name=f"archived_sessions/{NAME.rsplit('/', 1)[-1]}")
    for transcripts in ([grown, copy], [copy, grown]):
        session = derive(*transcripts)
        assert talk(session) == [*ONE, "USER: Two.", "ASSISTANT: 2", "USER: Three."]
        assert session.usage == TokenUsage(input=20, output=10)
        assert not session.is_archived
