"""The entries of a session and their ids."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from storage.records.searched_text import searched_texts
from storage.records.stored_blocks import read_blocks
from storage.search.index.entries import (
    TITLE_POSITION,
    Runs,
    entry_ids,
    entry_positions,
    entry_session_numbers,
)
from storage.search.index.tokens import BARRIER
from tests.support.documents import text, thinking, tool_result, tool_use
from tests.support.searches import entry_tokens

numbers = st.integers(0, 2**35 - 2)


def test_texts_thinking_and_tool_calls_are_indexed_and_nothing_else() -> None:
    content = [
        text("Said"),
        thinking("Thought"),
        tool_use("id1", "read_file", {"path": "a.py", "lines": [1, 2.5, True, None, {"deep": "Down"}]}),
        tool_result("id1", "Answer"),
        {"type": "tool_result", "tool_use_id": "id2", "content": [text("one"), text("two")]},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,picture"}},
        {"type": "hologram", "text": "unknown"},
        text(""),
    ]
    texts = searched_texts(read_blocks(content))
    assert texts == [
        *("Said", "Thought", "read_file", "path", "a.py", "lines", "1", "2.5", "deep", "Down", "Answer", "one\ntwo")
    ]
    assert entry_tokens(texts).strip().split(f" {BARRIER} ") == [
        *("said", "thought", "read_file", "read file", "path", "a py", "lines", "1", "2 5", "deep", "down"),
        *("answer", "one two"),
    ]


@given(number=numbers, start=st.integers(-1, TITLE_POSITION), count=st.integers(0, 50))
def test_an_id_encodes_session_number_and_position(number: int, start: int, count: int) -> None:
    ids = entry_ids(number, start, count)
    end = min(start + count, TITLE_POSITION)
    expected = [position % 2**28 for position in range(start, end)]
    assert entry_positions(ids).tolist() == expected
    assert set(entry_session_numbers(ids).tolist()) == ({number} if expected else set())


def test_positions_end_before_the_title() -> None:
    assert entry_positions(entry_ids(1, TITLE_POSITION - 1, 3)).tolist() == [TITLE_POSITION - 1]
    assert entry_ids(1, TITLE_POSITION, 3).tolist() == []
    assert len(entry_ids(1, TITLE_POSITION - 9, 2**21)) == 9
    assert entry_positions(entry_ids(1, -1, 1)).tolist() == [TITLE_POSITION]


@given(st.lists(st.tuples(numbers, st.integers(-1, 40), st.integers(1, 9)), min_size=1, max_size=6))
def test_runs_decode_to_the_same_ids(pieces: list[tuple[int, int, int]]) -> None:
    ids = np.concatenate([entry_ids(*piece) for piece in pieces])
    runs = Runs.from_ids(ids)
    assert len(runs.firsts) <= len(pieces)
    assert Runs.from_bytes(runs.to_bytes()).ids().tolist() == ids.tolist()
