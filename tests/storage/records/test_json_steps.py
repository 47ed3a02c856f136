"""Long JSON texts are read in steps as the standard library reads them at once."""

import gc
import json
from collections.abc import Iterator
from time import thread_time
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.records import json_steps
from storage.records.json_steps import STEP, JsonReader, JsonText, Steps


@pytest.fixture
def without_collections() -> Iterator[None]:
    """No pauses of the garbage collector, whose length depends on the objects of the whole test run."""
    gc.disable()
    yield
    gc.enable()


T = TypeVar("T")

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def run(steps: Steps[T]) -> tuple[T, float]:
    """The result of a reader's steps, and the CPU time of the longest."""
    longest = 0.0
    while True:
        began = thread_time()
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result, longest
        longest = max(longest, thread_time() - began)


def whole(value: object) -> object:
    """A value with its long lists and objects parsed."""
    return json.loads(value.text) if isinstance(value, JsonText) else value


@pytest.fixture
def short_steps() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_steps, "STEP", 8)
        patch.setattr(json_steps, "_WINDOW", 16)
        yield


@pytest.mark.usefixtures("short_steps")
@given(value=values)
def test_any_value_is_read_in_short_steps(value: object) -> None:
    text = f"[0,{compact(value)}]"
    (found, end), _ = run(JsonReader(text).value(3))
    assert (compact(whole(found)), end) == (compact(value), len(text) - 1)


@pytest.mark.usefixtures("short_steps")
@given(members=st.dictionaries(st.text(), values, min_size=1))
def test_the_members_of_any_object_are_read_in_short_steps(members: dict[str, object]) -> None:
    text = f"[{compact(members)}]"
    (found, end), _ = run(JsonReader(text).members(1))
    assert compact({key: whole(value) for key, value in found.items()}) == compact(members)
    assert end == len(text) - 1


@pytest.mark.slow
@pytest.mark.usefixtures("without_collections")
@pytest.mark.parametrize(
    "value",
    [
        pytest.param([[]] * 1_000_000, id="empty lists"),
        pytest.param({str(number): {} for number in range(200_000)}, id="keys"),
        pytest.param("x" * 5_000_000, id="a string"),
        pytest.param('"\n' * 2_000_000, id="escapes"),
        pytest.param({"a": {"b": [{"c": [1.5, True, None] * 300_000}]}}, id="below"),
        pytest.param([10**40] * 50_000, id="long numbers"),
        pytest.param({"k" * 1_000_000: "v" * 1_000_000}, id="a long key"),
    ],
)
def test_no_step_is_long(value: object) -> None:
    text = compact(value)
    (found, end), longest = run(JsonReader(text).value(0))
    assert end == len(text)
    assert whole(found) == value
    assert 0 < longest < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("end", ["", "x", "}", ",]", ",", '"', '\\"', '"\\x"]', '"\n"]', "]]"])
@pytest.mark.parametrize("start", ["[" + "1," * STEP + "1", '["' + "x" * 3 * STEP, '{"a":[' + "[]," * STEP + "1"])
def test_what_the_standard_library_refuses_is_refused(start: str, end: str) -> None:
    text = start + end
    expected: Any
    try:
        expected = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError:
        with pytest.raises(ValueError, match=r"not JSON|Invalid"):
            run(JsonReader(text).value(0))
    else:
        (found, length), _ = run(JsonReader(text).value(0))
        assert (whole(found), length) == expected
