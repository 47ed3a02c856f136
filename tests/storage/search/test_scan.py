"""The piece of a text by which SQLite tells most parts apart."""

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from storage.search.match import tokens_of
from storage.search.query import Clause
from storage.search.scan import telling_piece
from storage.search.tokens import token_text
from tests.support.searches import FRAGMENTS


@given(st.lists(st.sampled_from(FRAGMENTS), min_size=1), st.booleans())
def test_a_text_holds_its_piece_as_glob_finds_it(fragments: list[str], is_prefix: bool) -> None:
    tokens = token_text(" ".join(fragments)).split()
    text = tokens_of(Clause(tuple(tokens), is_prefix))

    piece = telling_piece(text)

    assert piece
    assert piece in text
    connection = sqlite3.connect(":memory:")
    try:
        found = connection.execute("SELECT ? GLOB ?", (f" before{text}after ", f"*{piece}*")).fetchone()
    finally:
        connection.close()
    assert found == (1,)


def test_a_piece_begins_with_a_character_that_is_seldom() -> None:
    assert telling_piece(" server query ") == "ver query "
    assert telling_piece(" viewer ") == "viewer "


def test_a_piece_of_a_phrase_reaches_into_its_last_word_from_before_it() -> None:
    assert telling_piece(" rest quiz ") == "rest quiz "
