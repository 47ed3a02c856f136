"""Limits on the shape of JSON texts."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.json_limits import JSONLimits, JSONTooComplex, JSONTooDeep
from tests.support.strategies import texts

WIDE = 10**9


def shape(value: object) -> tuple[int, int]:
    """The number of values, keys not counted and empty containers counted twice at most, and the nesting."""
    items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    shapes = [shape(item) for item in items]
    depth = max((depth for _, depth in shapes), default=0) + isinstance(value, dict | list)
    return 1 + sum(values for values, _ in shapes), depth


json_values = st.recursive(
    st.none() | st.integers() | texts() | st.text('[]{},"\\:'),
    lambda inner: st.lists(inner) | st.dictionaries(st.text('[{,"\\') | texts(), inner),
)


@given(json_values, st.booleans())
def test_values_and_nesting_are_counted_outside_of_strings(value: object, ensure_ascii: bool) -> None:
    values, depth = shape(value)
    data = json.dumps(value, ensure_ascii=ensure_ascii).encode()

    JSONLimits(2 * values, depth).check(data)
    if depth > 0:
        with pytest.raises(JSONTooDeep):
            JSONLimits(WIDE, depth - 1).check(data)
    if values > 1:
        with pytest.raises(JSONTooComplex):
            JSONLimits(values - 1, WIDE).check(data)


@pytest.mark.parametrize("item", [b"[]", b"{}", b"1", b'""', b'{"a":1}'])
def test_a_text_of_many_small_values_is_refused(item: bytes) -> None:
    data = b"[" + b",".join([item] * 1_000_000) + b"]"

    with pytest.raises(JSONTooComplex):
        JSONLimits(900_000, 10).check(data)


def test_brackets_in_a_long_string_do_not_count() -> None:
    text = '"[{,\\' * 500_000

    assert JSONLimits(10, 5).check(json.dumps({"a": [text, text]}).encode()) <= 10


def test_a_bracket_at_every_border_of_a_chunk_is_counted() -> None:
    deep = 600_000

    with pytest.raises(JSONTooDeep):
        JSONLimits(WIDE, deep - 1).check(b"[" * deep)
    JSONLimits(WIDE, deep).check(b"[" * deep)


def test_a_large_text_is_checked_in_little_time() -> None:
    data = b"[" + b'"a, b",' * 5_000_000 + b"1]"
    began = time.process_time()

    JSONLimits(6_000_000, 5).check(data)

    assert time.process_time() - began < 2
