"""Words found by the characters next to a match are those that splitting all words finds."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.search.index.tokens import LONGEST_NAME, MAX_TOKEN_LENGTH, part_text, word_tokens, words
from storage.search.query.ascii_words import find_word
from tests.support.examples import examples

LONG = MAX_TOKEN_LENGTH
PIECES = ["ab", "Ab", "AB", "a", "A", "1", "a1", "A1", "_", " ", ".", "a" * LONG, "A" * (LONG + 6), "b1" * LONG]
TOKENS = ["ab", "a", "b", "a1", "1", "aba", "ab_", "_a", "a" * LONG, "ab" + "a" * (LONG - 2)]


def plainly_found(text: str, token: str, start: int, *, is_prefix: bool) -> tuple[int, int] | None:
    """The span of the first word with a token, by the tokens of every word."""
    for word in words(text, start):
        tokens = [*word_tokens(word.text), *part_text(word.text).split()]
        if any(one.startswith(token) if is_prefix else one == token for one in tokens):
            return word.start, word.end
    return None


def agree(text: str, token: str, *, is_prefix: bool) -> None:
    start = 0
    while True:
        found = find_word(text, text.lower(), token, start, is_prefix=is_prefix)
        assert found == plainly_found(text, token, start, is_prefix=is_prefix)
        if found is None:
            return
        start = found[1]


@examples(300)
@given(st.text("abAB12_ .", max_size=20), st.text("ab1", min_size=1, max_size=3), st.booleans())
@example("A1b", "b", False)
@example("a1b", "b", False)
@example("xABc", "bc", False)
@example("ABc", "ab", True)
@example("abAb", "ab", False)
def test_a_word_is_found_by_its_neighbours(text: str, token: str, is_prefix: bool) -> None:
    agree(text, token, is_prefix=is_prefix)


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.sampled_from(TOKENS), st.booleans())
@example(["a"] * (LONGEST_NAME - 1) + ["Ab"], "ab", False)
@example(["Ab"] + ["a"] * LONGEST_NAME + [" ", "xAb"], "ab", False)
def test_long_words_and_parts_are_cut_off(pieces: list[str], token: str, is_prefix: bool) -> None:
    agree("".join(pieces), token, is_prefix=is_prefix)


@pytest.mark.parametrize("length", [LONGEST_NAME, LONGEST_NAME + 1])
def test_words_longer_than_names_have_no_parts(length: int) -> None:
    word = "x" * (length - 2) + "Ab"
    assert find_word(word, word.lower(), "ab", 0, is_prefix=False) == ((0, length) if length <= LONGEST_NAME else None)
