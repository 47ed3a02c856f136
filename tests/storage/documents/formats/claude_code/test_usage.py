"""Tokens are counted once a reply."""

from storage.records.token_usage import TokenUsage
from tests.support.claude_code import USAGE, Lines, call, text

ONCE = TokenUsage(input=10, cache_read=30, cache_write=20, output=40)


def test_the_lines_of_a_reply_count_once_at_their_largest() -> None:
    lines = Lines()
    lines.user("Begin")
    lines.assistant(text("a"), id="m", usage={**USAGE, "output_tokens": 1})
    lines.assistant(text("b"), id="m", usage=USAGE)
    lines.assistant(call("c"), id="m", usage={**USAGE, "output_tokens": 3})
    lines.assistant(text("d"), id="n")

    session = lines.derive()

    assert [message.usage for message in session.messages] == [None, ONCE, ONCE]
    assert session.usage == ONCE.plus(ONCE)


def test_a_reply_of_two_requests_counts_twice() -> None:
    lines = Lines()
    lines.assistant(text("a"), id="m", requestId="r1")
    lines.assistant(text("b"), id="m", requestId="r2", usage={**USAGE, "output_tokens": 1})
    lines.assistant(text("c"), id="m", requestId="r2")

    assert lines.derive().usage == ONCE.plus(ONCE)


def test_reasoning_is_no_part_of_the_output() -> None:
    lines = Lines()
    lines.assistant(text("a"), usage={**USAGE, "output_tokens_details": {"thinking_tokens": 15}})

    assert lines.derive().usage == ONCE._replace(output=25, reasoning=15)


def test_a_reply_without_usage_has_none() -> None:
    lines = Lines()
    lines.assistant(text("a"), usage=None)

    session = lines.derive()

    assert (session.messages[0].usage, session.usage) == (None, TokenUsage())


def test_wrong_numbers_of_tokens_count_as_none() -> None:
    lines = Lines()
    lines.assistant(text("a"), usage={"input_tokens": -1, "output_tokens": "4", "cache_read_input_tokens": 2**70})
    lines.assistant(text("b"), usage="many")

    assert lines.derive().usage == TokenUsage(cache_read=2**53 - 1)


def test_made_up_replies_cost_nothing() -> None:
    lines = Lines()
    lines.user("Begin")
    lines.assistant(text("No response requested."), model="<synthetic>")

    assert lines.derive().usage == TokenUsage()
