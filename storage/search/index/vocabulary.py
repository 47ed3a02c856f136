"""The tokens of pieces of text, cached: most words of a session occur in it many times."""

from array import array
from typing import NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

from storage.search.index.bigrams import bigram_hashes
from storage.search.index.piece_tokens import Tokens, tokenize_pieces
from storage.search.index.pieces import split_pieces
from storage.search.index.token_interner import IntArray, TokenInterner, first_bytes
from storage.search.index.token_texts import Numbers, TextList, TokenTexts
from storage.search.index.tokens import BARRIER

Hashes = npt.NDArray[np.uint64]

_MAX_PIECES = 2**17


def token_hash(token: str) -> int:
    """CRC-32: the same on every machine, since bigram hashes are stored."""
    return crc32(token.encode())


class Expanded(NamedTuple):
    """Lists, concatenated: `places` has the index of the list that each value is from."""

    places: Numbers
    values: Numbers


class _Lists:
    """A list of integers for each number 0, 1, ..."""

    def __init__(self) -> None:
        self._starts, self._counts = array("i"), array("i")
        self._values = array("i")

    def extend(self, counts: Numbers | IntArray, values: Numbers) -> None:
        """Append a list for each count, with as many of the values."""
        starts = np.cumsum(counts, dtype=np.int32) - counts + len(self._values)
        self._starts.frombytes(starts.astype(np.int32).tobytes())
        self._counts.frombytes(counts.astype(np.int32).tobytes())
        self._values.frombytes(values.astype(np.int32).tobytes())

    def expand(self, numbers: Numbers) -> Expanded:
        counts = np.frombuffer(self._counts, np.int32).take(numbers)
        places = np.flatnonzero(counts).astype(np.int32)
        if len(places) < len(numbers):
            counts = counts.take(places)
        at = np.frombuffer(self._starts, np.int32).take(numbers.take(places))
        total = int(counts.sum())
        if total > len(places):
            # The first of each list, moved on by the place in the list.
            at = np.repeat(at - np.cumsum(counts, dtype=np.int32) + counts, counts)
            at += np.arange(total, dtype=np.int32)
            places = np.repeat(places, counts)
        return Expanded(places, np.frombuffer(self._values, np.int32).take(at))


class Vocabulary:
    """Numbered pieces of text, with the tokens of each and of its compound words' parts.

    Piece 0 ends a text, piece 1 an entry; the barrier, token 0, is the token of both.
    """

    def __init__(self) -> None:
        self._pieces, self._tokens = TokenInterner(), TokenInterner()
        self._texts = TokenTexts()
        self._heads = array("Q")
        self._wholes, self._all, self._part_bigrams = _Lists(), _Lists(), _Lists()
        barrier = BARRIER.encode()
        self._append_tokens(barrier, *self._tokens.intern(barrier)[1:])
        for end in (b"\0", b"\0\0"):
            self._pieces.intern(end)
        nothing = np.zeros(2, np.int32)
        self._wholes.extend(nothing + 1, nothing)
        self._all.extend(nothing, nothing[:0])
        self._part_bigrams.extend(nothing, nothing[:0])

    @property
    def is_full(self) -> bool:
        """Whether it should be replaced by an empty one."""
        return self._pieces.count > _MAX_PIECES

    def pieces(self, encoded: str) -> Numbers:
        """The numbers of the pieces of encoded entries."""
        data = split_pieces(encoded)
        numbers, starts, ends = self._pieces.intern(data)
        if len(starts):
            self._add(data, starts, ends)
        return numbers

    def wholes(self, pieces: Numbers) -> Expanded:
        """The tokens of each piece's words, and the barrier for ends."""
        return self._wholes.expand(pieces)

    def tokens(self, pieces: Numbers) -> Expanded:
        """The tokens of each piece's words and of the parts of its compound words; none for ends."""
        return self._all.expand(pieces)

    def part_bigrams(self, pieces: Numbers) -> Expanded:
        """The 20-bit hashes of the bigrams among the parts of each compound word."""
        return self._part_bigrams.expand(pieces)

    def hashes(self, tokens: Numbers) -> Hashes:
        """The hash of each token."""
        return self._texts.hashes(tokens)

    def ranks(self, tokens: Numbers) -> tuple[TextList, Numbers]:
        """These tokens sorted without duplicates, and each token number's rank among them."""
        is_used = np.zeros(len(self._texts), np.bool_)
        is_used[tokens] = True
        numbers = np.flatnonzero(is_used).astype(np.int32)
        heads = np.frombuffer(self._heads, np.uint64)[numbers]
        order = np.argsort(heads)
        numbers, heads = numbers[order], heads[order]
        del order
        self._texts.sort_ties(numbers, heads)
        ranks = np.full(len(self._texts), len(numbers), np.int32)
        ranks[numbers] = np.arange(len(numbers), dtype=np.int32)
        return TextList(self._texts, numbers), ranks

    def _add(self, data: bytes, starts: IntArray, ends: IntArray) -> None:
        """Tokenize new pieces."""
        count = len(starts)
        text, wholes, parts = tokenize_pieces(data, starts, ends)
        own = self._token_numbers(text, wholes)
        self._wholes.extend(np.bincount(wholes.places, minlength=count), own)
        numbers = self._token_numbers(text, parts)
        places = np.concatenate((wholes.places, parts.places))
        order = places.argsort(kind="stable")
        self._all.extend(np.bincount(places, minlength=count), np.concatenate((own, numbers)).take(order))
        hashes = self.hashes(numbers)
        is_followed = ~parts.are_last[:-1]
        bigrams = bigram_hashes(hashes[:-1], hashes[1:])[is_followed]
        counts = np.bincount(parts.places[:-1][is_followed], minlength=count)
        self._part_bigrams.extend(counts, bigrams.astype(np.int32))

    def _token_numbers(self, text: bytes, tokens: Tokens) -> Numbers:
        """The numbers of tokens that are spans of a text."""
        numbers, starts, ends = self._tokens.intern_spans(text, tokens.starts, tokens.ends)
        self._append_tokens(text, starts, ends)
        return numbers

    def _append_tokens(self, text: bytes, starts: IntArray, ends: IntArray) -> None:
        """Add new tokens, which are spans of a text."""
        self._texts.append_spans(text, starts, ends)
        self._heads.frombytes(first_bytes(text, starts, ends).tobytes())
