"""What the model sees when a session is continued: after compactions and after turns were taken back."""

from tests.support.rollouts import derive, event, header, item, record, rollout, said, talk, texts_of

PREFACE = "Another language model started to solve this problem and produced a summary of its thinking process."
SUMMARY = f"{PREFACE}\nOil is 4."


def turn(prompt: str, answer: str) -> list[object]:
    return [
        event("task_started", turn_id=f"t{prompt}"),
        said("user", prompt),
        event("user_message", message=prompt),
        said("assistant", answer),
        event("task_complete", turn_id=f"t{prompt}"),
    ]


def compacted(message: str, *history: dict[str, object]) -> dict[str, object]:
    return record("compacted", {"message": message, "replacement_history": [line["payload"] for line in history]})


def test_after_a_compaction_the_model_continues_from_what_was_kept() -> None:
    answer = record("response_item", said("assistant", "Oil is 4.")["payload"], metadata={"compaction_output": True})
    kept = [said("user", "One."), said("user", "Two.")]
    session = derive(
        rollout(
            header(),
            said("developer", "<permissions>"),
            *turn("One.", "1"),
            *turn("Two.", "2"),
            answer,
            compacted(SUMMARY, said("developer", "<newer>"), *kept, said("user", SUMMARY)),
            event("item_completed", item={"type": "ContextCompaction", "id": "x"}),
            *turn("Three.", "3"),
        )
    )
    # All windows stay in the transcript, and the summary is where the compaction was.
    assert [f"{message.role}: {texts_of(message)}" for message in session.messages] == [
        "SYSTEM: <permissions>",
        "USER: One.",
        "ASSISTANT: 1",
        "USER: Two.",
        "ASSISTANT: 2",
        f"SYSTEM: {SUMMARY}",
        "SYSTEM: <newer>",
        "USER: Three.",
        "ASSISTANT: 3",
    ]
    assert session.messages[5].build() == [{"type": "compaction", "summary": SUMMARY}]
    assert [session.messages[place].is_injected for place in (5, 6)] == [True, True]
    assert list(session.live) == [6, 1, 3, 5, 7, 8]


def test_a_second_compaction_replaces_the_first() -> None:
    second = f"{SUMMARY} And salt 9."
    session = derive(
        rollout(
            header(),
            *turn("One.", "1"),
            compacted(SUMMARY, said("user", "One."), said("user", SUMMARY)),
            *turn("Two.", "2"),
            compacted(second, said("user", "One."), said("user", "Two."), said("user", second)),
        )
    )
    assert talk(session, session.live) == ["USER: One.", "USER: Two.", f"SYSTEM: {second}"]


def test_equal_prompts_that_a_compaction_kept_are_each_the_one_they_were() -> None:
    history = [said("user", "Go on."), said("user", "Go on."), said("user", SUMMARY)]
    session = derive(rollout(header(), *turn("Go on.", "1"), *turn("Go on.", "2"), compacted(SUMMARY, *history)))
    assert list(session.live) == [0, 2, 4]


def test_kept_text_that_no_message_has_is_a_message_of_its_own() -> None:
    history = [said("user", "One, cut short"), said("assistant", "1"), said("user", SUMMARY)]
    session = derive(rollout(header(), *turn("One.", "1"), compacted(SUMMARY, *history)))
    assert talk(session, session.live) == ["USER: One, cut short", "ASSISTANT: 1", f"SYSTEM: {SUMMARY}"]
    assert [message.is_injected for message in session.messages] == [False, False, True, True]
    # A cut copy of a prompt is no prompt.
    assert session.first_prompt == "One."


def test_a_call_that_a_compaction_kept_has_an_id() -> None:
    search = item("web_search_call", action={"type": "search", "query": "oil"}, status="in_progress")
    session = derive(rollout(header(), *turn("One.", "1"), compacted(SUMMARY, search, search, said("user", SUMMARY))))
    one, two = (session.messages[place].build()[0] for place in session.live[:2])
    assert (one["name"], one["input"]) == ("web_search", {"type": "search", "query": "oil"})
    assert one["id"] != two["id"]


def test_a_compaction_that_tells_no_history_keeps_the_prompts() -> None:
    for history in ({}, {"replacement_history": None}):
        line = record("compacted", {"message": "Oil is 4.", **history})
        lines = [said("developer", "<permissions>"), *turn("One.", "1"), line, *turn("Two.", "2")]
        session = derive(rollout(header(), *lines))
        assert talk(session, session.live) == ["USER: One.", "SYSTEM: Oil is 4.", "USER: Two.", "ASSISTANT: 2"]


SEALED = item("compaction", encrypted_content="QUJD")


def test_nothing_is_left_out_for_a_summary_that_only_the_provider_can_read() -> None:
    history = [said("user", "One."), SEALED]
    later = [said("user", "One."), said("user", "Two."), SEALED]
    lines = [
        *turn("One.", "1"),
        compacted("", *history),
        *turn("Two.", "2"),
        compacted("", *later),
        *turn("Three.", "3"),
    ]
    session = derive(rollout(header(), *lines))
    assert session.messages[2].build() == [{"type": "compaction", "summary": ""}]
    assert list(session.live) == list(range(len(session.messages)))


def test_what_a_sealed_summary_adds_stands_behind_what_it_replaced() -> None:
    history = [said("developer", "<permissions>"), said("user", "One."), SEALED]
    session = derive(rollout(header(), *turn("One.", "1"), compacted("", *history), *turn("Two.", "2")))
    assert talk(session, session.live) == [
        *("USER: One.", "ASSISTANT: 1", "SYSTEM: <permissions>", "SYSTEM: "),
        *("USER: Two.", "ASSISTANT: 2"),
    ]


def test_a_sealed_summary_keeps_the_one_before_it() -> None:
    first = compacted(SUMMARY, said("user", "One."), said("user", SUMMARY))
    second = compacted("", said("user", "One."), said("user", SUMMARY), SEALED)
    session = derive(rollout(header(), *turn("One.", "1"), first, *turn("Two.", "2"), second))
    assert talk(session, session.live) == [
        *("USER: One.", f"SYSTEM: {SUMMARY}", "USER: Two.", "ASSISTANT: 2", "SYSTEM: ")
    ]


def test_a_summary_that_is_only_in_the_history() -> None:
    session = derive(rollout(header(), *turn("One.", "1"), compacted("", said("user", "One."), said("user", SUMMARY))))
    assert session.messages[2].build() == [{"type": "compaction", "summary": SUMMARY}]
    assert list(session.live) == [0, 2]


def test_the_tokens_of_a_compaction_stand_at_its_summary() -> None:
    usage = {"input_tokens": 10, "output_tokens": 5}
    answer = record("response_item", said("assistant", "Oil is 4.")["payload"], metadata={"compaction_output": True})
    counted = record("token_usage_record", {"response_id": "r1", "usage": usage, "thread_token_usage": usage})
    compaction = compacted(SUMMARY, said("user", SUMMARY))
    for lines in ([answer, counted, compaction], [answer, compaction, counted]):
        session = derive(rollout(header(), *turn("One.", "1"), *lines))
        assert [message.usage is not None for message in session.messages] == [False, False, True]
        assert sum(session.usage) == 15


def test_turns_that_were_taken_back_are_a_branch() -> None:
    session = derive(
        rollout(
            header(),
            *turn("One.", "1"),
            *turn("Two.", "2"),
            *turn("Three.", "3"),
            event("thread_rolled_back", num_turns=2),
            *turn("Four.", "4"),
        )
    )
    assert "USER: Two." in talk(session)
    assert talk(session, session.live) == ["USER: One.", "ASSISTANT: 1", "USER: Four.", "ASSISTANT: 4"]
    assert session.metadata["branches"] == [{"first": 2, "last": 5}]


def test_more_turns_taken_back_than_there_are_leave_none() -> None:
    lines = [said("developer", "<permissions>"), *turn("One.", "1"), event("thread_rolled_back", num_turns=9)]
    session = derive(rollout(header(), *lines))
    assert list(session.live) == [0]
    assert derive(rollout(header(), *turn("One.", "1"), event("thread_rolled_back", num_turns=0))).live == [0, 1]


def test_the_output_of_an_interrupted_turn_stays_live() -> None:
    session = derive(
        rollout(
            header(),
            event("task_started", turn_id="t1"),
            said("user", "One."),
            item("function_call", name="exec_command", call_id="c1", arguments="{}"),
            item("function_call_output", call_id="c1", output="aborted by user"),
            said("user", "<turn_aborted>\nThe user interrupted.\n</turn_aborted>"),
            event("turn_aborted", turn_id="t1", reason="interrupted"),
            event("item_completed", item={"type": "CommandExecution", "id": "c1", "status": "failed"}),
        )
    )
    assert list(session.live) == [0, 1, 2, 3]
    assert [message.is_injected for message in session.messages] == [False, False, False, True]


def test_a_compaction_keeps_what_agents_told_and_no_list_of_tools() -> None:
    tools = item("additional_tools", role="developer", tools=[])
    told = [
        item("agent_message", content=[{"type": "input_text", "text": text}]) for text in ("Oil is 4.", "Salt is 9.")
    ]
    session = derive(
        rollout(header(), tools, *turn("One.", "1"), told[0], compacted(SUMMARY, tools, *told, said("user", SUMMARY)))
    )
    assert talk(session, range(len(session.messages))) == [
        "USER: One.",
        "ASSISTANT: 1",
        "USER: Oil is 4.",
        f"SYSTEM: {SUMMARY}",
        "USER: Salt is 9.",
    ]
    assert list(session.live) == [2, 4, 3]
