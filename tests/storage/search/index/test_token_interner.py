"""Pieces looked up many at a time have the numbers that they were given, wherever those lie."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.search.index import token_interner as seen_pieces
from storage.search.index.token_interner import TokenInterner

# Many that begin alike, up to the longest that are told apart by their beginnings, and beyond.
PIECES = st.text("ab\0", min_size=1, max_size=3) | st.integers(1, 40).map("a".__mul__) | st.text("é_Z9", min_size=1)
CHUNKS = st.lists(st.lists(PIECES | st.builds("{0:a<8}{1}".format, PIECES, PIECES), max_size=30), max_size=4)


@settings(max_examples=200)
@given(chunks=CHUNKS, slot_bits=st.sampled_from([1, 3, 18]))
def test_numbers_are_those_that_pieces_were_given(chunks: list[list[str]], slot_bits: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seen_pieces, "_SLOT_BITS", slot_bits)
        seen = TokenInterner()
        known: dict[bytes, int] = {}

        def number_of(piece: bytes) -> int:
            if piece not in known:
                known[piece] = len(known)
                seen.append(piece)
            return known[piece]

        number_of(b"first")
        # Those of the second time were all seen before.
        for chunk in [*chunks, *chunks]:
            pieces = [piece.encode() for piece in chunk]
            numbers = seen.numbers(b"  ".join(pieces), number_of).tolist()
            assert numbers == [known[piece] for piece in pieces]


def test_what_was_seen_before_is_not_asked_for_again() -> None:
    seen = TokenInterner()
    pieces = [b"word%d" % number for number in range(2000)]
    numbers = {piece: number for number, piece in enumerate(pieces)}
    for piece in pieces:
        seen.append(piece)
    asked: list[bytes] = []

    def number_of(piece: bytes) -> int:
        asked.append(piece)
        return numbers[piece]

    # At the first time they get one of their slots, at the second the other, where somebody else has that.
    for _ in range(2):
        seen.numbers(b" ".join(pieces), number_of)
    asked.clear()
    assert seen.numbers(b" ".join(pieces), number_of).tolist() == list(range(2000))
    assert asked == []
