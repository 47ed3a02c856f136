"""Timestamps are parsed as RFC 3339 demands, and other texts are rejected."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.records.timestamp import parse_timestamp
from storage.stored_values import instant_text
from tests.support.strategies import timestamps


@given(timestamps())
def test_every_form_that_agents_write_is_parsed(text: str) -> None:
    moment = parse_timestamp(text)

    assert moment.utcoffset() == timedelta(0)
    assert parse_timestamp(instant_text(moment)) == moment
    assert parse_timestamp(text.replace("T", " ").replace("Z", "z")) == moment


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_the_order_of_stored_texts_is_the_order_of_moments(one: datetime, other: datetime) -> None:
    assert (instant_text(one) < instant_text(other)) is (one < other)


def test_digits_beyond_microseconds_are_cut() -> None:
    assert parse_timestamp("2026-06-11T07:52:10.999999999Z") == datetime(2026, 6, 11, 7, 52, 10, 999999, UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-06-11",
        "2026-06-11T07:52:10",
        "2026-06-11T07:52Z",
        "2026-06-11T07:52:10.Z",
        "2026-06-11T07:52:10+0200",
        "2026-06-11T07:52:10Z ",
        "2026-13-11T07:52:10Z",
        "2026-02-30T07:52:10Z",
        "2026-06-11T24:00:01Z",
        "2026-06-11T07:52:10+24:00",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "٢٠٢٦-06-11T07:52:10Z",
    ],
)
def test_other_texts_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_timestamp(text)
