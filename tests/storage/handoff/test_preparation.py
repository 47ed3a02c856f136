"""What a handoff changes is counted: nothing is lost without a line of it."""

from dataclasses import replace

from storage.handoff.conversation import (
    Answer,
    Call,
    ConversationMessage,
    Injected,
    Orphan,
    Other,
    Part,
    Picture,
    Summary,
    Text,
    Thinking,
    live_messages,
)
from storage.handoff.conversation import SaidMessage as Said
from storage.handoff.preparation import NO_ANSWER, Capabilities, Prepared, prepare
from tests.support.handoffs import hard_conversation

ALL = Capabilities(reasoning=True, image_links=True, any_input=True, summaries=True)


def prepared(*messages: ConversationMessage, takes: Capabilities = ALL) -> Prepared:
    conversation = replace(hard_conversation(), messages=messages, left_messages=0, earlier_messages=0)
    return prepare(conversation, takes, "zagens")


def counts(result: Prepared) -> dict[str, int]:
    counted: dict[str, int] = {}
    for loss in result.losses.listed():
        counted[loss.code] = counted.get(loss.code, 0) + loss.count
    return counted


def parts(result: Prepared) -> list[Part]:
    return [part for message in result.messages for part in message.parts]


def user(*said: Part) -> ConversationMessage:
    return ConversationMessage("USER", said)


def model(*said: Part) -> ConversationMessage:
    return ConversationMessage("ASSISTANT", said)


def test_all_losses_of_a_hard_conversation_are_counted() -> None:
    takes = Capabilities(opening=True, closing=True, summaries=True)

    assert counts(prepare(hard_conversation(), takes, "zagens")) == {
        "REASONING": 2,
        "UNANSWERED_CALL": 1,
        "OTHER_BLOCK": 1,
        "BRANCH": 2,
        "COMPACTION": 3,
        "INJECTED_TEXT": 1,
        "TOOL_NAME": 1,
        "TOOL_INPUT": 1,
        "ADDED_TEXT": 1,
    }


def test_what_a_program_takes_in_kind_is_no_loss() -> None:
    said = (
        user(Summary("Before")),
        user(Text("Look"), Picture("image/png", "aaaa"), Picture("", "", "https://shop.example/a.png")),
        model(Thinking("Hm"), Text("Yes"), Call("bash", "ls", Answer((Text("a"), Picture("image/png", "aaaa"))))),
    )

    result = prepared(*said)

    assert (result.messages, counts(result)) == (said, {})


def test_unsigned_thinking_becomes_text_where_it_is_not_taken() -> None:
    result = prepared(user(Text("a")), model(Thinking("Hm")), takes=Capabilities())

    assert parts(result)[1] == Text("<thinking>\nHm\n</thinking>")
    assert counts(result) == {"REASONING": 1}


def test_reasoning_that_cannot_be_read_is_left_out() -> None:
    result = prepared(user(Text("a")), model(Thinking("", is_sealed=True), Text("b")))

    assert parts(result) == [Text("a"), Text("b")]
    assert counts(result) == {"REASONING": 1}


def test_a_call_without_an_answer_is_given_a_failed_one() -> None:
    result = prepared(user(Text("a")), model(Call("bash", {}, None)))

    assert parts(result)[1] == Call("bash", {}, Answer((Text(NO_ANSWER),), is_error=True))
    assert counts(result) == {"UNANSWERED_CALL": 1}


def test_pictures_become_notes_where_they_are_not_taken() -> None:
    takes = Capabilities(images=False, result_images=False)
    shown = Picture("image/png", "aaaa")

    result = prepared(
        user(shown),
        model(shown, Call("look", {}, Answer((shown, Picture("", "", "https://shop.example/a.png"))))),
        takes=takes,
    )

    assert not any(isinstance(part, Picture) for part in parts(result))
    assert "image/png" in str(parts(result)[0])
    assert "https://shop.example/a.png" in str(parts(result)[2])
    assert counts(result) == {"IMAGE": 4}


def test_a_picture_of_the_models_becomes_a_note() -> None:
    result = prepared(user(Text("a")), model(Picture("image/png", "aaaa")))

    assert counts(result) == {"IMAGE": 1}


def test_injected_text_and_unknown_blocks_are_left_out_and_counted() -> None:
    result = prepared(user(Injected("today"), Text("a")), model(Other("strange", {}), Text("b")))

    assert parts(result) == [Text("a"), Text("b")]
    assert counts(result) == {"INJECTED_TEXT": 1, "OTHER_BLOCK": 1}


def test_injected_text_that_a_reply_answers_to_is_carried() -> None:
    done = Answer((Text("done"),))
    result = prepared(
        user(Injected("<environment>")),
        user(Text("a"), Injected("a reminder")),
        model(Call("bash", {}, done)),
        user(Injected("a reminder")),
        model(Text("b")),
        user(Injected("The task has ended.")),
        model(Text("c")),
        user(Injected("a reminder")),
    )

    assert [part.text for part in parts(result) if isinstance(part, Text)] == ["a", "b", "The task has ended.", "c"]
    assert {loss.message: loss.count for loss in result.losses.listed()} == {
        "Text that a reply answers to is carried as the user's.": 1,
        "Text that the program had put in is left out.": 4,
    }


def test_messages_of_the_system_are_carried_under_the_users_role() -> None:
    result = prepared(ConversationMessage("SYSTEM", (Text("Be short."),)), user(Text("a")))

    assert [message.role for message in result.messages] == ["USER", "USER"]
    assert counts(result) == {"SYSTEM_TEXT": 1}


def test_an_answer_without_a_call_is_carried_as_text() -> None:
    result = prepared(user(Text("a"), Orphan(Answer((Text("late"),)))))

    assert parts(result)[-1] == Text("late")
    assert counts(result) == {"ORPHAN_RESULT": 1}


def test_only_the_first_summary_is_carried_in_kind() -> None:
    result = prepared(user(Summary("First")), user(Text("a")), user(Summary("Second")))

    assert parts(result)[0] == Summary("First")
    assert "Second" in str(parts(result)[2])
    assert counts(result) == {"COMPACTION": 1}


def test_a_summary_that_cannot_be_read_is_counted() -> None:
    result = prepared(user(Text("a")), model(Text("b")), user(Summary("")), user(Text("c")))

    assert parts(result) == [Text("a"), Text("b"), Text("c")]
    assert counts(result) == {"COMPACTION": 1}


def test_a_text_after_a_call_is_a_message_of_its_own() -> None:
    answer = Answer((Text("x"),))

    result = prepared(user(Text("a")), model(Text("b"), Call("one", {}, answer), Call("two", {}, answer), Text("c")))

    assert [len(message.parts) for message in result.messages] == [1, 3, 1]


def test_results_are_paired_with_the_nearest_open_call_of_their_id() -> None:
    call = {"type": "tool_use", "id": "call_0", "name": "bash", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "call_0"}

    messages = live_messages(
        [
            Said("ASSISTANT", [call]),
            Said("USER", "again"),
            Said("ASSISTANT", [call]),
            Said("TOOL", [{**result, "content": "second"}]),
            Said("TOOL", [{**result, "content": "first", "is_error": True}]),
            Said("TOOL", [{**result, "content": "third"}]),
        ]
    )

    assert messages == (
        model(Call("bash", {}, Answer((Text("first"),), is_error=True))),
        user(Text("again")),
        model(Call("bash", {}, Answer((Text("second"),)))),
        user(Orphan(Answer((Text("third"),)))),
    )
