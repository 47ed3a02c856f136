"""Items of common blocks are what `items_of` makes of the message, or are left to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.json_codec import dump
from storage.records.common_block import CommonToolResult, common_stored_blocks
from storage.records.common_items import common_items
from storage.records.content_block import ToolResultBlock
from storage.records.stored_blocks import read_blocks
from storage.records.transcript_items import Answer, Item, items_of
from tests.support.documents import Block, text, thinking, tool_result, tool_use
from tests.support.examples import examples

_TEXTS = st.sampled_from(["", "A", "\n B\nC", "<turn_meta>x</turn_meta>", "D<turn_meta>x</turn_meta>", "é" * 300])
_BLOCKS = st.one_of(
    st.builds(text, _TEXTS),
    st.builds(lambda said, mark: {**text(said), "is_injected": mark}, _TEXTS, st.sampled_from([True, False, None, 1])),
    st.builds(thinking, _TEXTS),
    st.builds(
        tool_use, st.just("t"), st.sampled_from(["bash", "apply_patch"]), st.sampled_from([None, {}, {"a": "b"}])
    ),
    st.builds(tool_result, st.just("t"), _TEXTS, st.sampled_from([None, False, True])),
)


@examples(200, soak=20_000)
@given(
    role=st.sampled_from(["user", "assistant", "assistant_interrupted", "system", "tool", "narrator"]),
    blocks=st.lists(_BLOCKS, max_size=5),
    result=st.builds(tool_result, st.just("t"), _TEXTS, st.sampled_from([None, False, True])),
    data=st.data(),
)
def test_items_of_common_blocks_are_the_items_of_the_message(
    role: str, blocks: list[Block], result: Block, data: st.DataObject
) -> None:
    positions = st.sets(st.sampled_from(range(len(blocks)))) if blocks else st.just(set[int]())
    answered, answering = data.draw(positions), data.draw(positions)
    (full,), (common_result,) = read_blocks([result]), common_stored_blocks(dump([result])) or []
    assert isinstance(full, ToolResultBlock)
    assert isinstance(common_result, CommonToolResult)
    common = made(role, blocks, dict.fromkeys(answered, common_result), answering)
    if common is not None:
        assert common == list(items_of(role, read_blocks(blocks), dict.fromkeys(answered, full), answering))


@pytest.mark.parametrize(
    ("role", "blocks"),
    [
        ("user", [thinking("A"), text("B"), tool_result("t"), text("C")]),
        ("assistant", [thinking("A"), text("B"), tool_use("t")]),
        ("tool", [tool_result("t")]),
    ],
)
def test_the_usual_messages_are_made_of_common_blocks(role: str, blocks: list[Block]) -> None:
    answering = {position for position, block in enumerate(blocks) if block["type"] == "tool_result"}
    assert made(role, blocks, {}, answering) == list(items_of(role, read_blocks(blocks), {}, answering))


@pytest.mark.parametrize(
    ("role", "block"),
    [
        ("user", text("<turn_meta>x</turn_meta>")),
        ("assistant", {**text("A"), "is_injected": True}),
        ("system", text("A")),
        ("user", tool_result("nobody")),
    ],
)
def test_items_with_a_stored_block_are_left(role: str, block: Block) -> None:
    assert made(role, [block], {}, set()) is None


def made(role: str, blocks: list[Block], answers: dict[int, Answer], answering: set[int]) -> list[Item] | None:
    common = common_stored_blocks(dump(blocks))
    return None if common is None else common_items(role, common, answers, answering)
