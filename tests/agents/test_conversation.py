"""`missing` finds the items that a conversation lacks or holds out of order."""

from tests.agents.model_server.conversation import Expected, Item, missing

PROMPT, FIRST, SECOND, ANSWER = (
    Expected("text", "cost", "user"),
    Expected("result", "two", id="call_1"),
    Expected("result", "three", id="call_2"),
    Expected("text", "It costs", "assistant"),
)
ITEMS = [
    Item("user", "text", "What does it cost?"),
    Item("user", "result", "three", id="call_2"),
    Item("user", "result", "two", id="call_1"),
    Item("assistant", "text", "It costs two."),
]


def test_no_item_is_missing_when_all_stand_in_order() -> None:
    assert missing(ITEMS, [PROMPT, FIRST, SECOND, ANSWER]) == []
    assert missing([Item("user", "text", "<reminder>"), *ITEMS], [PROMPT, ANSWER]) == []


def test_an_absent_item_is_missing() -> None:
    assert missing(ITEMS[:3], [PROMPT, FIRST, SECOND, ANSWER]) == [ANSWER]
    assert missing([ITEMS[0], *ITEMS[2:]], [PROMPT, FIRST, SECOND, ANSWER]) == [SECOND]
    assert missing([], [PROMPT, FIRST]) == [PROMPT, FIRST]


def test_an_item_that_comes_too_early_is_missing() -> None:
    assert missing([ITEMS[3], *ITEMS[:3]], [PROMPT, FIRST, SECOND, ANSWER]) == [ANSWER]
    assert missing([*ITEMS[1:3], ITEMS[0], ITEMS[3]], [PROMPT, FIRST, SECOND, ANSWER]) == [FIRST, SECOND]


def test_a_text_before_a_result_of_its_turn_is_missing() -> None:
    late = [ITEMS[0], ITEMS[1], ITEMS[3], ITEMS[2]]

    assert missing(late, [PROMPT, FIRST, SECOND, ANSWER]) == [ANSWER]


def test_an_item_of_another_role_or_call_is_missing() -> None:
    assert missing([Item("assistant", "text", "What does it cost?")], [PROMPT]) == [PROMPT]
    assert missing([Item("user", "result", "two", id="call_2")], [FIRST]) == [FIRST]
