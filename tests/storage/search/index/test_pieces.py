"""Texts are split into pieces from their UTF-8 as they are from their code points."""

from hypothesis import given
from hypothesis import strategies as st

from storage.search.index import pieces
from tests.support.examples import examples

# Letters, marks that join others, symbols, separators, and scripts without blanks, of one to four bytes each.
CHARACTERS = "aZ0 _<=-é\u0301→\u3000会한\u1100\u1161\u11a8ｶﾞกำั😀\ufe0f“½\u2044│ß\U00020000\U0001f1e9\x00\ud800"


@examples(500)
@given(st.text(CHARACTERS, max_size=12) | st.text(max_size=30))
def test_both_ways_of_splitting_agree(text: str) -> None:
    assert pieces.split_pieces(text).split() == pieces._split_overlaid(text).split()


def test_overlaid_signs_are_symbols() -> None:
    assert pieces.split_pieces("a=\u0338b < →").split() == [b"a", "=\u0338".encode(), b"b", "→".encode()]
