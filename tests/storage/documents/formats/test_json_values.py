"""Lenient reading of JSON: every value that an agent may write has a result that can be stored."""

from datetime import UTC, datetime

import orjson
import pytest

from storage.documents.formats.json_values import as_amount, as_count, as_id, as_time, digest_of, json_text, parse_json
from storage.json_codec import dump


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a":1}', {"a": 1}),
        (b'"\\ud83d"', "\ufffd"),
        (b'"a\\u0000b"', "a\ufffdb"),
        (b'"\xff"', "\ufffd"),
        (b"[NaN,1e999,Infinity]", ["NaN", "1e999", "Infinity"]),
        (b"36893488147419103232", 2**65),
        (b'{"a":', None),
        (b"", None),
    ],
)
def test_parse(data: bytes, value: object) -> None:
    assert parse_json(data) == value


def test_deep_nesting_becomes_text() -> None:
    value: object = parse_json(b"[" * 400 + b"]" * 400)
    assert orjson.dumps(value).count(b"[") == 400
    dump(value)
    assert parse_json(b"[" * 200 + b"1" + b"]" * 200) == orjson.loads(b"[" * 200 + b"1" + b"]" * 200)
    for depth in range(195, 270):
        dump([[[[parse_json(b"[" * depth + b"36893488147419103232,1" + b"]" * depth)]]]])
    deep = b'{"a":' * 250 + b"1" + b"}" * 250
    assert b'\\"a\\"' in orjson.dumps(parse_json(b'[{"b":1},' + deep + b"]"))
    assert parse_json(b"[" + b"[]," * 300 + b"1]") == [[]] * 300 + [1]
    assert parse_json(b"[" * 100_000) is None
    dump(parse_json(b"[" * 100_000 + b"]" * 100_000))


@pytest.mark.parametrize(("value", "count"), [(5, 5), ("7", 7), (2.9, 2), (-1, 0), (True, 0), (None, 0), ("x", 0)])
def test_counts(value: object, count: int) -> None:
    assert as_count(value) == count


def test_counts_are_bounded() -> None:
    assert as_count(2**70) == 2**53 - 1
    assert as_count(float("inf")) == 0


@pytest.mark.parametrize(
    ("value", "amount"), [(1, 1.0), (0.5, 0.5), (-1, None), ("1", None), (True, None), (10**400, None)]
)
def test_amounts(value: object, amount: float | None) -> None:
    assert as_amount(value) == amount


def test_times() -> None:
    moment = datetime(2026, 11, 28, 6, 23, 37, tzinfo=UTC)
    assert as_time("2026-11-28T06:23:37Z") == moment
    assert as_time(1795847017000) == moment
    assert [as_time(value) for value in ("soon", 0, None, True, 1e300)] == [None] * 5


def test_ids() -> None:
    assert as_id(" a-1 ") == "a-1"
    assert as_id("my session.1") == "my_session_1"
    assert [as_id(value) for value in ("", None, 5)] == [None] * 3


def test_digests_are_equal_for_equal_values_only() -> None:
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    assert digest_of("a") != digest_of("b")
    assert digest_of(2**70) != digest_of(2**71)
    assert json_text(2**70) == str(2**70)
