"""Interned pieces keep their numbers, whichever slots they are in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.search.index import token_interner
from storage.search.index.token_interner import TokenInterner
from tests.support.examples import examples

# Many with a common prefix, up to the length that is compared byte by byte, and beyond.
PIECES = st.text("ab\0", min_size=1, max_size=3) | st.integers(1, 40).map("a".__mul__) | st.text("é_Z9", min_size=1)
CHUNKS = st.lists(st.lists(PIECES | st.builds("{0:a<8}{1}".format, PIECES, PIECES), max_size=30), max_size=4)


@examples(100)
@given(chunks=CHUNKS, size=st.sampled_from([1, 2, 1024]))
def test_every_piece_keeps_its_number(chunks: list[list[str]], size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_interner, "_FIRST_SIZE", size)
        interner = TokenInterner()
        numbers: dict[bytes, int] = {}
        # The second time all are interned already.
        for chunk in [*chunks, *chunks]:
            pieces = [piece.encode() for piece in chunk]
            data = b"  ".join(pieces)
            found, starts, ends = interner.intern(data)
            new = [data[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
            assert not set(new) & set(numbers)
            numbers |= {piece: len(numbers) + place for place, piece in enumerate(new)}
            assert found.tolist() == [numbers[piece] for piece in pieces]
            assert interner.count == len(numbers)


def test_pieces_that_share_all_slots_are_distinguished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_interner.TokenInterner, "_first_slots", lambda self, hashes: (hashes * 0).astype(int))
    interner = TokenInterner()
    data = b" ".join(b"word%d" % number for number in range(2000))
    first, _, _ = interner.intern(data)
    again, new, _ = interner.intern(data)
    assert sorted(first.tolist()) == list(range(2000))
    assert again.tolist() == first.tolist()
    assert not len(new)
