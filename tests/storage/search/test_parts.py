"""What is indexed of a message, and in which parts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.content_block import read_blocks
from storage.search import parts
from storage.search.parts import (
    MOST_CHARACTERS,
    MOST_TOKENS,
    OVERLAP,
    TITLE_POSITION,
    first_id,
    id_span,
    message_rows,
    message_tokens,
    part_rows,
    place_of,
)
from storage.search.tokens import BARRIER, LONGEST_TOKEN
from tests.support.documents import text, thinking, tool_result, tool_use

TSVECTOR_BYTES = 2**20 - 1


def test_texts_thinking_and_all_of_a_tool_s_words_are_indexed_and_nothing_else() -> None:
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
    pieces = message_tokens(read_blocks(content)).split(f" {BARRIER} ")
    assert pieces == [
        *("said", "thought", "read_file", "read file", "path", "a py", "lines", "1", "2 5", "deep", "down"),
        *("answer", "one two"),
    ]


def test_a_message_without_words_has_no_part() -> None:
    assert message_tokens(read_blocks("… 👍 _")) == ""
    assert part_rows(1, 0, "") == []


def test_a_message_is_one_part() -> None:
    [row] = part_rows(3, 7, "a b c")
    assert row == (first_id(3, 7), 3, " a b c ")


@given(number=st.integers(0, 2**31 - 2), position=st.integers(0, TITLE_POSITION))
def test_an_id_tells_where_its_part_belongs(number: int, position: int) -> None:
    start, end = id_span(number)
    assert start <= first_id(number, position) < end < 2**63
    assert place_of(first_id(number, position)) == (number, position)
    assert id_span(number + 1)[0] == end


@settings(max_examples=10)
@given(
    count=st.integers(MOST_TOKENS - 2, 5 * MOST_TOKENS),
    letter=st.sampled_from("a漢𐎀"),
    length=st.sampled_from([1, 7, LONGEST_TOKEN]),
)
def test_a_long_message_is_cut_into_parts_that_both_databases_take(count: int, letter: str, length: int) -> None:
    words = [(letter * length + str(number))[-LONGEST_TOKEN:] for number in range(count)]
    rows = part_rows(1, 5, " ".join(words))

    assert [row.id for row in rows] == list(range(first_id(1, 5), first_id(1, 5) + len(rows)))
    end = 0
    for row in rows:
        piece = row.tokens.split()
        start = end - OVERLAP if end else 0
        assert row.length == len(piece) <= MOST_TOKENS
        assert row.tokens == f" {' '.join(piece)} "
        assert len(row.tokens) <= MOST_CHARACTERS + 2
        assert len(row.tokens.encode()) < TSVECTOR_BYTES
        assert piece == words[start : start + len(piece)]
        end = start + len(piece)
    assert end == count
    # Cut only where it must be.
    assert (len(rows) == 1) == (count <= MOST_TOKENS and len(" ".join(words)) < MOST_CHARACTERS)


def test_beyond_what_ids_can_tell_apart_nothing_is_indexed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MOST_TOKENS", OVERLAP + 10)
    rows = part_rows(1, 5, "a " * 50_000 + "b")
    assert rows[-1].id == first_id(1, 6) - 1
    assert [row.id for row in message_rows(1, TITLE_POSITION - 1, ["a", "b", "c"])] == [first_id(1, TITLE_POSITION - 1)]
