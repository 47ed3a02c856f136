"""Tokens: each reply once, in classes that do not overlap."""

from collections.abc import Mapping

from storage.records.token_usage import TokenUsage
from tests.support.rollouts import THREAD, derive, event, header, item, record, rollout, said


def numbers(sent: int, cached: int, out: int, thought: int, written: int = 0) -> dict[str, int]:
    return {
        "input_tokens": sent,
        "cached_input_tokens": cached,
        "cache_write_input_tokens": written,
        "output_tokens": out,
        "reasoning_output_tokens": thought,
        "total_tokens": sent + out,
    }


def count(last: Mapping[str, object], total: Mapping[str, object] | None) -> dict[str, object]:
    info = {"last_token_usage": last, "total_token_usage": total, "model_context_window": 272_000}
    return event("token_count", info=info, rate_limits=None)


def counted(usage: dict[str, int], total: dict[str, int], response_id: str, thread_id: str = THREAD) -> object:
    payload = {"thread_id": thread_id, "response_id": response_id, "usage": usage, "thread_token_usage": total}
    return record("token_usage_record", payload)


def usages(*lines: object) -> tuple[list[TokenUsage | None], TokenUsage]:
    """The usage of each answer, and that of the session."""
    session = derive(rollout(header(), said("user", "Go."), *lines))
    return [message.usage for message in session.messages if message.role == "ASSISTANT"], session.usage


def test_the_cache_is_taken_out_of_the_input_and_reasoning_out_of_the_output() -> None:
    usage = numbers(100, 40, 20, 5, written=10)
    expected = TokenUsage(input=50, cache_read=40, cache_write=10, output=15, reasoning=5)
    assert usages(said("assistant", "One."), counted(usage, usage, "r1")) == ([expected], expected)
    assert sum(expected) == usage["total_tokens"]


def test_a_count_that_is_repeated_after_each_output_counts_once() -> None:
    one, two = numbers(100, 40, 20, 5), numbers(300, 100, 60, 10)
    messages, total = usages(
        event("token_count", info=None, rate_limits={}),
        item("function_call", name="exec_command", call_id="c1", arguments="{}"),
        item("function_call", name="exec_command", call_id="c2", arguments="{}"),
        count(one, one),
        item("function_call_output", call_id="c1", output="a"),
        count(one, one),
        item("function_call_output", call_id="c2", output="b"),
        count(one, one),
        said("assistant", "Done."),
        count(numbers(200, 60, 40, 5), two),
        count(numbers(200, 60, 40, 5), two),
    )
    first, second = TokenUsage(60, 40, 0, 15, 5), TokenUsage(140, 60, 0, 35, 5)
    assert (messages, total) == ([first, second], first.plus(second))


def test_a_total_that_is_reset_continues_to_count() -> None:
    one = numbers(100, 0, 20, 0)
    _, total = usages(
        said("assistant", "One."),
        count(one, numbers(900, 0, 80, 0)),
        said("assistant", "Two."),
        count(one, one),
        said("assistant", "Three."),
        count(one, numbers(200, 0, 40, 0)),
    )
    assert total == TokenUsage(input=300, output=60)


def test_a_total_without_the_last_reply_counts_by_how_much_it_grew() -> None:
    def only_total(value: dict[str, int]) -> dict[str, object]:
        return event("token_count", info={"total_token_usage": value})

    messages, total = usages(
        said("assistant", "One."),
        only_total(numbers(100, 40, 20, 5)),
        said("assistant", "Two."),
        only_total(numbers(150, 60, 30, 5)),
    )
    assert messages == [TokenUsage(60, 40, 0, 15, 5), TokenUsage(30, 20, 0, 10, 0)]
    assert total == TokenUsage(90, 60, 0, 25, 5)


def test_a_record_and_the_counts_that_repeat_it_count_once() -> None:
    usage, twice = numbers(100, 40, 20, 5), numbers(200, 80, 40, 10)
    messages, total = usages(
        said("assistant", "One."),
        counted(usage, usage, "r1"),
        count(usage, usage),
        counted(usage, usage, "r1"),
        said("assistant", "Two."),
        counted(usage, twice, "r2"),
        count(usage, twice),
    )
    each = TokenUsage(60, 40, 0, 15, 5)
    assert (messages, total) == ([each, each], each.plus(each))


def test_a_thread_of_an_older_version_that_a_newer_one_went_on_with() -> None:
    usage, twice = numbers(100, 40, 20, 5), numbers(200, 80, 40, 10)
    _, total = usages(
        said("assistant", "One."),
        count(usage, usage),
        said("assistant", "Two."),
        counted(usage, twice, "r2"),
        count(usage, twice),
    )
    assert total == TokenUsage(120, 80, 0, 30, 10)


def test_a_thread_of_a_newer_version_that_an_older_one_went_on_with() -> None:
    usage, twice = numbers(100, 40, 20, 5), numbers(200, 80, 40, 10)
    messages, total = usages(
        said("assistant", "One."),
        counted(usage, usage, "r1"),
        count(usage, usage),
        said("assistant", "Two."),
        # Of as many tokens as the reply before.
        count(usage, twice),
    )
    each = TokenUsage(60, 40, 0, 15, 5)
    assert (messages, total) == ([each, each], each.plus(each))


def test_tokens_that_were_counted_before_any_answer_are_those_of_the_next() -> None:
    usage = numbers(100, 0, 20, 0)
    expected = TokenUsage(input=100, output=20)
    assert usages(count(usage, usage), said("assistant", "One.")) == ([expected], expected)
    assert usages(count(usage, usage)) == ([], expected)


def test_numbers_that_cannot_be_are_held_to_what_can() -> None:
    usage = {**numbers(10, 40, 5, 9), "cache_write_input_tokens": "many"}
    assert usages(said("assistant", "One."), count(usage, usage))[1] == TokenUsage(cache_read=10, reasoning=5)


def test_the_record_of_another_thread_is_not_this_ones() -> None:
    usage = numbers(100, 40, 20, 5)
    assert usages(said("assistant", "One."), counted(usage, usage, "r1", "another"))[1] == TokenUsage()
