"""A reply of several lines is one message, and the results of its calls are one message."""

from tests.support.claude_code import Lines, call, result, shown, text


def test_the_lines_of_one_reply_are_one_message() -> None:
    lines = Lines()
    lines.user("Why?")
    lines.assistant({"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}, id="m")
    lines.assistant(text("Let me see."), id="m")
    lines.assistant(call("c1"), id="m")
    lines.user([result("c1")])
    lines.assistant(text("Because."))

    session = lines.derive()

    assert shown(session) == ["U Why?", "A <thinking> Let me see. call:c1", "U result:c1", "A Because."]
    assert session.live == [0, 1, 2, 3]
    assert [message.created_at.second for message in session.messages if message.created_at] == [0, 1, 4, 5]


def test_results_between_the_lines_of_a_reply_do_not_part_it() -> None:
    lines = Lines()
    lines.user("Go")
    lines.assistant(call("c1"), id="m")
    lines.user([result("c1")])
    lines.assistant(call("c2"), id="m")
    lines.user([result("c2")])
    lines.assistant(text("Late."), id="m")

    session = lines.derive()

    assert shown(session, live_only=True) == ["U Go", "A call:c1 call:c2 Late.", "U result:c1 result:c2"]


def test_blocks_stand_in_the_order_that_the_model_gave() -> None:
    lines = Lines()
    lines.user("Go")
    lines.assistant(call("c1"), id="m", apiBlockIndex=1)
    lines.assistant(text("First."), id="m", apiBlockIndex=0)
    lines.assistant(call("c2"), id="n", apiBlockIndex=1)
    lines.assistant(text("Second."), id="n")

    assert shown(lines.derive()) == ["U Go", "A First. call:c1", "A call:c2 Second."]


def test_a_call_that_no_chain_reaches_is_live_with_its_result() -> None:
    lines = Lines()
    lines.user("Go")
    first = lines.assistant(call("c1"), id="m")
    second = lines.assistant(call("c2"), id="m")
    lines.user([result("c2")], parentUuid=second)
    lines.user([result("c1")], parentUuid=first)
    lines.assistant(text("Done."))

    session = lines.derive()

    assert shown(session, live_only=True) == ["U Go", "A call:c1 call:c2", "U result:c2 result:c1", "A Done."]
    assert "branches" not in session.metadata


def test_results_on_a_side_branch_are_live_with_their_reply() -> None:
    lines = Lines()
    lines.user("Go")
    called = lines.assistant(call("c1"))
    lines.user([result("c1")])
    lines.user("Never mind", parentUuid=called)

    session = lines.derive()

    assert shown(session, live_only=True) == ["U Go", "A call:c1", "U result:c1", "U Never mind"]
    assert "branches" not in session.metadata


def test_results_belong_to_the_nearest_reply_that_made_the_call() -> None:
    lines = Lines()
    lines.user("Go")
    lines.assistant(call("c"))
    lines.user([result("c", "one")])
    lines.assistant(call("c"))
    lines.user([result("c", "two")])

    assert shown(lines.derive()) == ["U Go", "A call:c", "U result:c", "A call:c", "U result:c"]


def test_a_result_without_its_call_is_a_message_of_its_own() -> None:
    lines = Lines()
    lines.user("Go")
    lines.user([result("lost-1")])
    lines.user([result("lost-2")])

    assert shown(lines.derive()) == ["U Go", "U result:lost-1", "U result:lost-2"]


def test_a_line_that_is_written_again_counts_once() -> None:
    lines = Lines()
    lines.user("Go")
    lines.assistant(text("Yes."))
    lines.lines += lines.lines[:2]

    session = lines.derive()

    assert shown(session) == ["U Go", "A Yes."]
    assert session.live == [0, 1]


def test_replies_without_an_id_are_messages_of_their_own() -> None:
    lines = Lines()
    lines.user("Go")
    for words in ("One.", "Two."):
        lines.add("assistant", message={"role": "assistant", "content": words})

    assert shown(lines.derive(), live_only=True) == ["U Go", "A One.", "A Two."]


def test_lines_without_a_uuid_are_messages() -> None:
    lines = Lines()
    lines.meta(type="user", message={"content": "Go"})
    lines.meta(type="assistant", message={"content": "Yes."})

    assert shown(lines.derive()) == ["U Go", "A Yes."]


def test_an_interrupted_reply_is_a_message() -> None:
    lines = Lines()
    lines.user("Go")
    lines.add("assistant", message={"id": "m", "content": [text("Half a")], "stop_reason": None})
    lines.user("[Request interrupted by user]")

    assert shown(lines.derive(), live_only=True) == ["U Go", "A Half a", "u [Request interrupted by user]"]


def test_an_error_of_the_api_is_shown_and_not_sent() -> None:
    lines = Lines()
    lines.user("Go")
    lines.add("system", subtype="api_error", error={"status": 529}, retryAttempt=1)
    lines.assistant(text("API Error: 529"), model="<synthetic>", isApiErrorMessage=True)
    lines.user("Again")

    session = lines.derive()

    assert shown(session) == ["U Go", "s <api_error>", "A API Error: 529", "U Again"]
    assert shown(session, live_only=True) == ["U Go", "U Again"]
    assert (session.messages[1].role, session.messages[1].build()[0]["error"]) == ("SYSTEM", {"status": 529})
    assert (session.messages[2].model, session.messages[2].usage, session.model) == (None, None, "")


def test_a_reply_that_the_program_made_up_is_injected() -> None:
    lines = Lines()
    lines.user("Go")
    lines.assistant(text("No response requested."), model="<synthetic>")
    lines.user("Again")

    session = lines.derive()

    assert shown(session, live_only=True) == ["U Go", "a No response requested.", "U Again"]
    assert session.messages[1].build()[0]["is_injected"] is True


def test_blocks_of_other_kinds_are_kept_as_they_are() -> None:
    blocks = [
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "pears"}},
        {"type": "web_search_tool_result", "tool_use_id": "s1", "content": [{"type": "web_search_result"}]},
        {"type": "redacted_thinking", "data": "eHh4"},
        {"type": "hologram", "depth": 3},
    ]
    document = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "eA=="}}
    lines = Lines()
    lines.user([document, text("Read it.")])
    lines.assistant(*blocks)
    lines.assistant(call("c"))
    lines.user([result("c", [{"type": "tool_reference", "tool_name": "Grep"}])])

    session = lines.derive()

    assert session.messages[0].build() == [document, text("Read it.")]
    assert session.messages[1].build() == blocks
    assert session.messages[3].build() == [result("c", [{"type": "tool_reference", "tool_name": "Grep"}])]
    assert session.first_prompt == "Read it."
