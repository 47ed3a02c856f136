"""The tokens of pieces of text, cached: most words of a session occur in it many times."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

from storage.search.index.token_interner import IntArray, TokenInterner
from storage.search.index.tokens import BARRIER, part_text, word_tokens, words

Hashes = npt.NDArray[np.uint64]

BIGRAM_HASH_COUNT = 2**16

# Multiplicative hashing (Knuth, The Art of Computer Programming, vol. 3, 6.4), with the golden ratio.
_MIX_FIRST, _MIX_BOTH = 0x9E3779B1, 0x9E3779B97F4A7C15
# No stored text contains U+0000.
_TEXT_END, _ENTRY_END = b"\0", b"\0\0"
# Replaces every ASCII byte outside words by a blank.
_BLANKS = bytes(code if code in (0, 95) or code >= 128 or chr(code).isalnum() else 32 for code in range(256))
# Symbols that a combining mark makes of an ASCII separator.
_COMPOSED = {"=\u0338": "≠", "<\u0338": "≮", ">\u0338": "≯"}
_MAX_PIECES = 2**17
_MAX_BYTES = 2**24


def bigram_hash(first: int, second: int) -> int:
    """The 16-bit hash of two tokens in a row, by their hashes."""
    return ((first * _MIX_FIRST + second) * _MIX_BOTH & 2**64 - 1) >> 48


def bigram_hashes(first: Hashes, second: Hashes) -> Hashes:
    """As `bigram_hash`, of arrays."""
    return (first * np.uint64(_MIX_FIRST) + second) * np.uint64(_MIX_BOTH) >> np.uint64(48)


def token_hash(token: str) -> int:
    """CRC-32: the same on every machine, since bigram hashes are stored."""
    return crc32(token.encode())


def encode_entry(texts: Sequence[str]) -> str:
    """An entry as one string in which each text and the entry itself are terminated; entries can be concatenated."""
    return " \0 ".join(texts) + " \0\0 "


def entry_ends(pieces: IntArray) -> IntArray:
    """The index behind each entry's last piece."""
    return np.flatnonzero(pieces == 1) + 1


class Expanded(NamedTuple):
    """Lists, concatenated: `places` has the index of the list that each value is from."""

    places: IntArray
    values: IntArray


class _Lists:
    """A list of integers for each number 0, 1, ..."""

    def __init__(self) -> None:
        self._ends = array("q", [0])
        self._values = array("q")

    def append(self, values: Iterable[int]) -> None:
        self._values.extend(values)
        self._ends.append(len(self._values))

    def expand(self, numbers: IntArray) -> Expanded:
        ends = np.frombuffer(self._ends, np.int64)
        counts = np.diff(ends)[numbers]
        # Most lists of parts are empty.
        some = np.flatnonzero(counts)
        counts = counts[some]
        places = np.repeat(some, counts)
        shifts = np.repeat(ends[numbers[some]] - np.cumsum(counts) + counts, counts)
        return Expanded(places, np.frombuffer(self._values, np.int64)[shifts + np.arange(len(shifts))])


class _Numbers(dict[bytes, int]):
    """Numbers of pieces. `__missing__` makes a lookup cheaper than any function call."""

    def __init__(self, add: Callable[[bytes], int]) -> None:
        super().__init__()
        self._add = add

    def __missing__(self, piece: bytes) -> int:
        number = self[piece] = self._add(piece)
        return number


class Vocabulary:
    """Pieces of text between ASCII separators, numbered, with the tokens of each and of its compound words' parts.

    Piece 0 ends a text, piece 1 an entry; the barrier, token 0, is the token of both.
    """

    def __init__(self) -> None:
        self._tokens: list[str] = []
        self._in_order: list[str] = []
        self._order = np.zeros(0, np.int64)
        self._hashes = array("Q")
        self._token_numbers: dict[str, int] = {}
        self._wholes, self._parts, self._part_bigrams = _Lists(), _Lists(), _Lists()
        self._bytes = 0
        self._pieces = _Numbers(self._add)
        self._interner = TokenInterner()
        self._token_number(BARRIER)
        for number, end in enumerate((_TEXT_END, _ENTRY_END)):
            self._pieces[end] = number
            self._interner.append(end)
            self._wholes.append([0])
            self._parts.append([])
            self._part_bigrams.append([])

    @property
    def is_full(self) -> bool:
        """Whether it should be replaced by an empty one."""
        return len(self._pieces) > _MAX_PIECES or self._bytes > _MAX_BYTES

    def pieces(self, encoded: str) -> IntArray:
        """The numbers of the pieces of encoded entries."""
        if "\u0338" in encoded:
            for decomposed, composed in _COMPOSED.items():
                encoded = encoded.replace(decomposed, composed)
        return self._interner.intern(encoded.encode("utf-8", "replace").translate(_BLANKS), self._pieces.__getitem__)

    def wholes(self, pieces: IntArray) -> Expanded:
        """The tokens of each piece's words, and the barrier for ends."""
        return self._wholes.expand(pieces)

    def parts(self, pieces: IntArray) -> Expanded:
        """The tokens of the parts of each piece's compound words."""
        return self._parts.expand(pieces)

    def part_bigrams(self, pieces: IntArray) -> Expanded:
        """The hashes of the bigrams among the parts of each compound word."""
        return self._part_bigrams.expand(pieces)

    def hashes(self, tokens: IntArray) -> Hashes:
        """The hash of each token."""
        return np.frombuffer(self._hashes, np.uint64)[tokens]

    def ranks(self, tokens: Iterable[IntArray]) -> tuple[list[str], IntArray]:
        """These tokens sorted without duplicates, and each token number's rank among them; barriers come last."""
        if len(self._in_order) < len(self._tokens):
            # A sorted list with some appended: Timsort takes nearly linear time.
            self._in_order += self._tokens[len(self._in_order) :]
            self._in_order.sort()
            self._order = np.array([self._token_numbers[token] for token in self._in_order], np.int64)
        is_used = np.zeros(len(self._tokens), np.bool_)
        for some in tokens:
            is_used[some] = True
        is_used[0] = False
        numbers = self._order[is_used[self._order]]
        ranks = np.zeros(len(self._tokens), np.int64)
        ranks[numbers] = np.arange(len(numbers))
        ranks[0] = len(numbers)
        return [self._tokens[number] for number in numbers.tolist()], ranks

    def _add(self, piece: bytes) -> int:
        text = piece.decode()
        found = [text] if text.isascii() else [word.text for word in words(text)]
        parts = [part_text(word).split() for word in found]
        self._wholes.append([self._token_number(token) for word in found for token in word_tokens(word)])
        self._parts.append([self._token_number(token) for one in parts for token in one])
        bigrams = [bigram for one in parts for bigram in pairwise(map(token_hash, one))]
        self._part_bigrams.append([bigram_hash(*bigram) for bigram in bigrams])
        self._bytes += len(piece)
        self._interner.append(piece)
        return len(self._pieces)

    def _token_number(self, token: str) -> int:
        number = self._token_numbers.setdefault(token, len(self._tokens))
        if number == len(self._tokens):
            self._tokens.append(token)
            self._hashes.append(token_hash(token))
        return number
