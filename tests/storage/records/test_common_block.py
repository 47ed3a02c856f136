"""Common blocks are what `message_blocks` reads, or are left to it."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.json_codec import dump, load
from storage.records.common_block import TYPENAMES, common_blocks
from storage.records.stored_blocks import message_blocks
from tests.support.examples import examples

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_VALUE = st.text() | _JSON
_KINDS = ["text", "thinking", "tool_use", "tool_result", "server_tool_use", "image", "compaction"]
_BLOCKS = st.fixed_dictionaries(
    {"type": st.sampled_from(_KINDS)},
    optional={
        "text": _VALUE,
        "thinking": _VALUE,
        "id": _VALUE,
        "name": st.text(),
        "input": _JSON,
        "tool_use_id": st.text(),
        "content": _VALUE,
        "is_error": st.booleans() | _JSON,
        "position": _JSON,
    },
)
TEXT = {"type": "text", "text": "a"}
CALL = {"type": "tool_use", "id": "1", "name": "run", "input": {"n": 10**30, "f": 1e22, "z": -0.0}}
RESULT = {"type": "tool_result", "tool_use_id": "1", "content": "done", "is_error": True}


@examples(200, soak=20_000)
@given(role=st.sampled_from(["USER", "SYSTEM"]), content=st.lists(_BLOCKS, max_size=3) | _VALUE)
def test_common_blocks_are_the_blocks_of_the_message(role: str, content: object) -> None:
    text = dump(content)
    common = common_blocks(role, text)
    if common is not None:
        assert list(map(described, common)) == list(map(described, message_blocks(role, load(text))))


def test_the_usual_blocks_are_common() -> None:
    content = [TEXT, {"type": "thinking", "thinking": "b"}, CALL, RESULT]
    common = common_blocks("ASSISTANT", dump(content))

    assert common is not None
    assert list(map(described, common)) == list(map(described, message_blocks("ASSISTANT", content)))


@pytest.mark.parametrize(
    ("role", "content"),
    [
        ("SYSTEM", [TEXT]),
        ("USER", "a"),
        ("USER", [TEXT, "a"]),
        ("USER", [TEXT, {"type": "text"}]),
        ("USER", [{**RESULT, "content": [TEXT]}]),
        ("USER", [{"type": "image", "source": {"type": "url", "url": "a"}}]),
    ],
)
def test_others_are_left(role: str, content: object) -> None:
    assert common_blocks(role, dump(content)) is None


def described(block: Any) -> tuple[str, dict[str, str]]:
    """The name of its type and what is common to both kinds of it; as JSON, since Python has 1 == 1.0 == True."""
    typename = TYPENAMES.get(type(block)) or block.typename
    names = {"TextBlock": ["text"], "ThinkingBlock": ["thinking"], "ToolUseBlock": ["tool_use_id", "name", "input"]}
    attributes = names.get(typename, ["tool_use_id", "text", "is_error"])
    return typename, {name: _json(getattr(block, name)) for name in attributes}


def _json(value: object) -> str:
    return bytes(value).decode() if isinstance(value, msgspec.Raw) else dump(value)
