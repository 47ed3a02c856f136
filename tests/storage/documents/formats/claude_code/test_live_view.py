"""What the model sees when a session is continued, as the program chooses it, and the branches that it leaves out."""

import pytest

from tests.support.claude_code import Lines, call, result, shown, text


def taken_back() -> Lines:
    """A session in which the second prompt was taken back, and another was asked."""
    lines = Lines()
    lines.user("Begin")
    answer = lines.assistant(text("Begun."))
    lines.user("Wrong")
    lines.assistant(text("Wrongly."))
    lines.user("Right", parentUuid=answer)
    lines.assistant(text("Rightly."))
    return lines


def test_a_branch_that_was_left_is_kept_and_not_live() -> None:
    session = taken_back().derive()

    assert shown(session, live_only=True) == ["U Begin", "A Begun.", "U Right", "A Rightly."]
    assert shown(session)[2:4] == ["U Wrong", "A Wrongly."]
    assert session.metadata["branches"] == [{"head": "line-2", "messages": [2, 3]}]


def test_the_named_leaf_wins_over_a_later_branch() -> None:
    lines = taken_back()
    lines.meta(type="last-prompt", leafUuid="line-3")

    session = lines.derive()

    assert shown(session, live_only=True) == ["U Begin", "A Begun.", "U Wrong", "A Wrongly."]
    assert session.metadata["branches"] == [{"head": "line-4", "messages": [4, 5]}]


def test_the_newest_line_after_the_named_leaf_is_gone_on_from() -> None:
    lines = taken_back()
    lines.meta(type="last-prompt", leafUuid="line-3")
    lines.user("More", parentUuid="line-3")
    lines.assistant(text("Even more."))

    assert shown(lines.derive(), live_only=True)[2:] == ["U Wrong", "A Wrongly.", "U More", "A Even more."]


def test_a_leaf_that_is_named_again_replaces_the_one_before() -> None:
    lines = taken_back()
    lines.meta(type="last-prompt", leafUuid="line-3")
    lines.meta(type="last-prompt", leafUuid="line-5")

    assert shown(lines.derive(), live_only=True)[2:] == ["U Right", "A Rightly."]


def test_the_leaf_may_be_a_line_of_the_system() -> None:
    lines = taken_back()
    leaf = lines.add("system", subtype="turn_duration", durationMs=3, parentUuid="line-3")
    lines.user("Later", parentUuid="line-5")
    lines.meta(type="last-prompt", leafUuid=leaf)

    assert shown(lines.derive(), live_only=True)[2:] == ["U Wrong", "A Wrongly."]


def test_a_leaf_that_names_no_line_counts_as_none() -> None:
    lines = taken_back()
    lines.meta(type="last-prompt", leafUuid="nowhere")

    assert shown(lines.derive(), live_only=True)[2:] == ["U Right", "A Rightly."]


def test_the_last_message_is_by_its_place_and_not_by_its_time() -> None:
    lines = taken_back()
    lines.lines[3]["timestamp"] = "2027-01-01T00:00:00.000Z"

    assert shown(lines.derive(), live_only=True)[2:] == ["U Right", "A Rightly."]


def test_a_parent_that_is_missing_is_the_line_before() -> None:
    lines = Lines()
    lines.user("Begin")
    lines.assistant(text("Begun."))
    lines.user("More", parentUuid="nowhere")

    assert shown(lines.derive(), live_only=True) == ["U Begin", "A Begun.", "U More"]


def test_a_second_root_cuts_off_what_is_before() -> None:
    lines = Lines()
    lines.user("Begin")
    lines.assistant(text("Begun."))
    lines.user("Anew", parentUuid=None)
    lines.assistant(text("New."))

    session = lines.derive()

    assert shown(session, live_only=True) == ["U Anew", "A New."]
    assert session.metadata["branches"] == [{"head": "line-0", "messages": [0, 1]}]


def test_lines_that_follow_each_other_in_a_circle_end() -> None:
    lines = Lines()
    lines.user("Begin", parentUuid="line-2")
    lines.assistant(text("Begun."))
    lines.user("More")
    lines.user("Aside", parentUuid="line-4")
    lines.user("Again", parentUuid="line-3")

    assert shown(lines.derive(), live_only=True) == ["U Aside", "U Again"]


def test_lines_of_a_subagent_in_its_parents_file_are_a_branch() -> None:
    lines = Lines()
    lines.user("Begin")
    task = lines.assistant(call("c", "Task"))
    lines.user("Do it", isSidechain=True, parentUuid=None)
    lines.assistant(text("Did it."), isSidechain=True, model="claude-haiku-4-5")
    lines.user([result("c")], parentUuid=task)
    lines.assistant(text("Done."))
    lines.user("More work", isSidechain=True, parentUuid="line-3")

    session = lines.derive()

    assert shown(session, live_only=True) == ["U Begin", "A call:c", "U result:c", "A Done."]
    assert session.metadata["branches"] == [{"head": "line-2", "messages": [2, 3, 6]}]
    assert session.model == "claude-opus-5-5"


def compacted(**metadata: object) -> Lines:
    lines = Lines()
    lines.user("Old")
    lines.assistant(text("Very old."))
    lines.user("Kept")
    lines.assistant(call("c"))
    lines.user([result("c")])
    lines.add(
        "system",
        subtype="compact_boundary",
        content="Conversation compacted",
        parentUuid=None,
        logicalParentUuid="line-4",
        compactMetadata={"trigger": "manual", "preTokens": 9, **metadata},
    )
    lines.add("attachment", attachment={"type": "date", "date": "2026-08-01"})
    lines.user("In short: old.", isCompactSummary=True, isVisibleInTranscriptOnly=True)
    lines.user("New")
    lines.assistant(text("Very new."))
    return lines


def test_a_compaction_begins_a_new_window() -> None:
    session = compacted().derive()

    assert shown(session, live_only=True) == ["s <compaction>", "U New", "A Very new."]
    assert shown(session)[:4] == ["U Old", "A Very old.", "U Kept", "A call:c"]
    assert session.messages[5].build() == [{"type": "compaction", "summary": "In short: old."}]
    assert session.first_prompt == "Old"
    assert "branches" not in session.metadata


def test_preserved_lines_are_sent_after_the_summary() -> None:
    session = compacted(preservedMessages={"uuids": ["line-3", "line-4", "line-2", "nowhere"]}).derive()

    assert shown(session, live_only=True) == [
        "s <compaction>",
        "A call:c",
        "U result:c",
        "U Kept",
        "U New",
        "A Very new.",
    ]


@pytest.mark.parametrize(
    "kept",
    [{"preservedMessages": {"uuids": ["line-2"]}}, {"preservedSegment": {"headUuid": "line-2", "tailUuid": "line-2"}}],
)
def test_what_stands_before_a_summary_of_the_end_is_sent_before_it(kept: dict[str, dict[str, object]]) -> None:
    # "Summarize from here" of the rewind: what is preserved stands behind the boundary itself.
    [(name, lines)] = kept.items()
    session = compacted(**{name: {**lines, "anchorUuid": "line-5"}}).derive()

    assert shown(session, live_only=True) == ["U Kept", "s <compaction>", "U New", "A Very new."]


def test_a_preserved_segment_of_older_versions_is_the_chain_between_its_ends() -> None:
    session = compacted(preservedSegment={"headUuid": "line-2", "tailUuid": "line-4"}).derive()

    assert shown(session, live_only=True)[:4] == ["s <compaction>", "U Kept", "A call:c", "U result:c"]


def test_lines_that_a_compaction_writes_again_are_not_doubled() -> None:
    lines = compacted()
    for line, parent in zip(lines.lines[2:5], ("line-7", "line-2", "line-3"), strict=True):
        lines.lines.append({**line, "parentUuid": parent})
    lines.user("Newest", parentUuid="line-4")

    session = lines.derive()

    assert shown(session)[:3] == ["U Old", "A Very old.", "U Kept"]
    assert shown(session, live_only=True) == ["s <compaction>", "U Kept", "A call:c", "U result:c", "U Newest"]
    assert session.metadata["branches"] == [{"head": "line-8", "messages": [6, 7]}]


def test_a_compaction_after_the_named_leaf_counts() -> None:
    lines = compacted()
    lines.lines.insert(5, {"type": "last-prompt", "leafUuid": "line-4"})

    assert shown(lines.derive(), live_only=True) == ["s <compaction>", "U New", "A Very new."]


def test_a_rewind_to_before_a_compaction_leaves_it_on_a_branch() -> None:
    lines = compacted()
    lines.user("Instead", parentUuid="line-1")
    lines.lines.append({"type": "last-prompt", "leafUuid": "00000000-0000-0000-0000-000000000000", "explicit": True})

    session = lines.derive()

    assert shown(session, live_only=True) == ["U Old", "A Very old.", "U Instead"]
    assert session.metadata["branches"] == [{"head": "line-2", "messages": [2, 3, 4, 5, 6, 7]}]


def test_each_compaction_begins_a_window_and_the_last_one_is_live() -> None:
    lines = compacted()
    lines.add("system", subtype="compact_boundary", parentUuid=None, logicalParentUuid="line-9")
    lines.user("In shorter.", isCompactSummary=True)

    session = lines.derive()

    assert shown(session, live_only=True) == ["s <compaction>"]
    assert session.live == [8]
    assert "branches" not in session.metadata


def test_a_reply_of_nothing_but_reasoning_at_the_end_is_not_sent() -> None:
    lines = Lines()
    lines.user("Begin")
    lines.assistant({"type": "thinking", "thinking": "Hm."})

    session = lines.derive()

    assert shown(session) == ["U Begin", "A <thinking>"]
    assert session.live == [0]
