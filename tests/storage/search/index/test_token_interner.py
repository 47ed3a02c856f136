"""Interned pieces keep their numbers, whichever slots they are in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.search.index import token_interner
from storage.search.index.token_interner import TokenInterner

# Many with a common prefix, up to the length that is compared without a dict, and beyond.
PIECES = st.text("ab\0", min_size=1, max_size=3) | st.integers(1, 40).map("a".__mul__) | st.text("é_Z9", min_size=1)
CHUNKS = st.lists(st.lists(PIECES | st.builds("{0:a<8}{1}".format, PIECES, PIECES), max_size=30), max_size=4)


@settings(max_examples=200)
@given(chunks=CHUNKS, slot_bits=st.sampled_from([1, 3, 18]))
def test_every_piece_keeps_its_number(chunks: list[list[str]], slot_bits: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_interner, "_SLOT_BITS", slot_bits)
        interner = TokenInterner()
        numbers: dict[bytes, int] = {}

        def number_of(piece: bytes) -> int:
            if piece not in numbers:
                numbers[piece] = len(numbers)
                interner.append(piece)
            return numbers[piece]

        number_of(b"first")
        # The second time all are interned already.
        for chunk in [*chunks, *chunks]:
            pieces = [piece.encode() for piece in chunk]
            found = interner.intern(b"  ".join(pieces), number_of).tolist()
            assert found == [numbers[piece] for piece in pieces]


def test_an_interned_piece_takes_no_dict_lookup() -> None:
    interner = TokenInterner()
    pieces = [b"word%d" % number for number in range(2000)]
    numbers = {piece: number for number, piece in enumerate(pieces)}
    for piece in pieces:
        interner.append(piece)
    asked: list[bytes] = []

    def number_of(piece: bytes) -> int:
        asked.append(piece)
        return numbers[piece]

    # The first round fills their first slots, the second the other slots of those that share one.
    for _ in range(2):
        interner.intern(b" ".join(pieces), number_of)
    asked.clear()
    assert interner.intern(b" ".join(pieces), number_of).tolist() == list(range(2000))
    assert asked == []
