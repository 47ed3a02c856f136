"""Input and output coercion of DateTime, BigInt and JSON."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
from graphql import GraphQLError, parse_const_value

from schema.scalars import (
    big_int_input,
    big_int_literal,
    big_int_output,
    date_time_input,
    date_time_literal,
    date_time_output,
    json_literal,
    json_output,
)


def assert_refused(function: Callable[..., object], value: object) -> None:
    with pytest.raises(GraphQLError) as caught:
        function(value)
    assert caught.value.extensions == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-06-11T07:52:10Z", datetime(2026, 6, 11, 7, 52, 10, tzinfo=UTC)),
        ("2026-06-11t07:52:10.118z", datetime(2026, 6, 11, 7, 52, 10, 118_000, tzinfo=UTC)),
        ("2026-06-11T00:52:10+02:00", datetime(2026, 6, 10, 22, 52, 10, tzinfo=UTC)),
        ("2026-06-11T07:52:10.123456789-05:30", datetime(2026, 6, 11, 13, 22, 10, 123_456, tzinfo=UTC)),
    ],
)
def test_a_date_time_with_an_offset_is_taken_as_an_instant_in_utc(text: str, instant: datetime) -> None:
    assert date_time_input(text) == instant
    assert date_time_input(text).tzinfo is UTC
    assert date_time_literal(parse_const_value(f'"{text}"')) == instant


@pytest.mark.parametrize(
    "value",
    [
        "2026-06-11T07:52:10",
        "2026-06-11",
        "2026-06-11 07:52:10Z",
        "2026-06-11T07:52Z",
        "2026-06-11T07:52:10Z\n",
        "2026-W24-4T07:52:10Z",
        "20260611T075210Z",
        "2026-02-30T07:52:10Z",
        "2026-06-11T24:00:01Z",
        "2026-06-11T07:52:10+24:00",
        "2026-06-11T07:52:10+02:60",
        "0001-01-01T00:00:00+14:00",
        "\u0662026-06-11T07:52:10Z",
        "now",
        "",
        1_781_164_330,
        None,
        True,
    ],
)
def test_a_date_time_without_an_offset_and_garbage_are_refused(value: object) -> None:
    assert_refused(date_time_input, value)


@pytest.mark.parametrize("literal", ["1781164330", '"2026-06-11T07:52:10"', "NOW", "{}"])
def test_an_invalid_date_time_literal_is_refused(literal: str) -> None:
    assert_refused(date_time_literal, parse_const_value(literal))


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime(2026, 6, 11, 7, 52, 10, 118_000, tzinfo=UTC), "2026-06-11T07:52:10.118000Z"),
        (datetime(2026, 6, 11, 7, 52, 10, tzinfo=UTC), "2026-06-11T07:52:10.000000Z"),
        (datetime(2026, 6, 11, 9, 52, 10, tzinfo=timezone(timedelta(hours=2))), "2026-06-11T07:52:10.000000Z"),
        (datetime(7, 1, 1, tzinfo=UTC), "0007-01-01T00:00:00.000000Z"),
    ],
)
def test_a_date_time_is_given_in_utc_with_six_digits_of_a_second(instant: datetime, text: str) -> None:
    assert date_time_output(instant) == text


def test_a_date_time_without_a_zone_is_never_given() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        date_time_output(datetime(2026, 6, 11))  # noqa: DTZ001 - must be refused


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**53 - 1, -(2**53 - 1)])
def test_an_integer_within_2_to_the_53_is_a_big_int(number: int) -> None:
    assert big_int_input(number) == number
    assert big_int_input(float(number)) == number
    assert big_int_literal(parse_const_value(str(number))) == number
    assert big_int_output(number) == number


@pytest.mark.parametrize("value", [2**53, -(2**53), 1.5, float("inf"), float("nan"), True, False, "1", None, [1]])
def test_any_other_value_is_refused_as_big_int(value: object) -> None:
    assert_refused(big_int_input, value)


@pytest.mark.parametrize("literal", ["9007199254740992", "1" * 5_000, '"1"', "true", "1.0", "ONE", "[1]"])
def test_any_other_literal_is_refused_as_big_int(literal: str) -> None:
    assert_refused(big_int_literal, parse_const_value(literal))


@pytest.mark.parametrize("value", [2**53, True, "1", 1.0])
def test_any_other_value_is_never_given_as_a_big_int(value: object) -> None:
    with pytest.raises(ValueError, match="whole number"):
        big_int_output(value)


def test_a_json_literal_may_have_any_structure() -> None:
    literal = parse_const_value('{a: [1, -2.5e3, "x", true, null, {}], b: {c: """block"""}, big: 18446744073709551616}')

    assert json_literal(literal) == {
        "a": [1, -2500.0, "x", True, None, {}],
        "b": {"c": "block"},
        "big": 18446744073709551616,
    }


@pytest.mark.parametrize("literal", ["RED", "{a: [RED]}", "1e999", "-1e999", "1" * 5_000])
def test_what_json_cannot_hold_is_refused(literal: str) -> None:
    assert_refused(json_literal, parse_const_value(literal))


def test_stored_json_text_is_copied_into_the_answer() -> None:
    assert orjson.dumps({"raw": json_output(orjson.Fragment('{"a" : 1.0}'))}) == b'{"raw":{"a" : 1.0}}'
    assert json_output({"a": "text"}) == {"a": "text"}
