"""The JSON codec keeps values and their types, in text that both databases can store."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import InvalidDocument
from storage.json_codec import canonical, dump, load, parse_document, storable, storable_text
from tests.support.sessions import strictly
from tests.support.strategies import json_values, texts

values = st.one_of(json_values(), st.integers(), st.lists(st.integers() | json_values()))


@given(values)
def test_a_dumped_value_loads_as_the_same_value(value: object) -> None:
    assert strictly(load(dump(value))) == strictly(value)


@given(values, st.booleans())
def test_a_document_is_parsed_as_the_standard_library_does(value: object, ensure_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=ensure_ascii)

    assert strictly(parse_document(text.encode())) == strictly(value)
    assert strictly(parse_document(b"\xef\xbb\xbf" + text.encode())) == strictly(value)


@given(st.integers(0, 20), st.integers(10**18, 2**90), texts())
def test_a_long_number_keeps_all_digits_at_any_position(before: int, number: int, around: str) -> None:
    value = ["x" * before, around, number, {around: -number}]

    assert strictly(load(dump(value))) == strictly(value)
    assert strictly(parse_document(json.dumps(value).encode())) == strictly(storable(value))


@given(values, values)
def test_canonical_texts_are_equal_for_equal_values_only(one: object, other: object) -> None:
    assert (canonical(one) == canonical(other)) is (strictly(one) == strictly(other))


@given(st.dictionaries(texts(), st.integers()))
def test_canonical_text_does_not_depend_on_the_order_of_keys(value: dict[str, int]) -> None:
    assert canonical(value) == canonical(dict(reversed(value.items())))


@given(texts(hostile=True))
def test_storable_text_is_utf_8_without_nul_and_of_the_same_length(text: str) -> None:
    stored = storable_text(text)

    assert "\x00" not in stored
    assert len(stored.encode().decode()) == len(text)
    assert storable({text: [text]}) == {stored: [stored]}
    assert parse_document(json.dumps(text).encode()) == stored


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "line 1, column 1"),
        (b'{\n "a": 1,\n "b" 2\n}', "line 3, column 6"),
        (b"[1] 2", "line 1, column 5"),
        (b"NaN", "NaN is not a JSON value"),
        (b"1e400", "1e400 is out of range"),
        (b"-" + b"9" * 400 + b".0", "out of range"),
        (b"1" * 5000, "Not JSON"),
        (b'{"a": 1}\n{"b": 2}\n', "JSON Lines, but not a transcript"),
        (b"[" * 100_000, "nested too deeply"),
        (b'"\xff"', "Not UTF-8: invalid start byte at byte 1"),
        ('"ä"'.encode("utf-16")[:-1], "Not UTF-16: truncated data"),
    ],
)
def test_text_that_is_not_json_is_rejected_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidDocument, match=reason):
        parse_document(data)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_lacks_are_not_storable(number: float) -> None:
    with pytest.raises(InvalidDocument):
        storable({"a": [number]})
