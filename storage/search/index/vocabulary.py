"""Words that were seen before, numbered, with their tokens: most words of a session are no news."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

from storage.search.index.token_interner import Numbers, TokenInterner
from storage.search.index.tokens import BARRIER, part_text, word_tokens, words

Hashes = npt.NDArray[np.uint64]

PAIR_KINDS = 2**16
"""Kinds that pairs of tokens which follow each other are told apart by."""

# Knuth's multiplicative hashing, with the golden ratio.
_MIX_FIRST, _MIX_BOTH = 0x9E3779B1, 0x9E3779B97F4A7C15
# U+0000 is in no stored text.
_TEXT_END, _ENTRY_END = b"\0", b"\0\0"
# Bytes that stand for no ASCII letter, digit or underscore become blanks.
_BLANKS = bytes(code if code in (0, 95) or code >= 128 or chr(code).isalnum() else 32 for code in range(256))
_MOST_PIECES = 2**17
_MOST_BYTES = 2**24


def pair_kind(first: int, second: int) -> int:
    """The kind of a pair, by the hashes of its tokens."""
    return ((first * _MIX_FIRST + second) * _MIX_BOTH & 2**64 - 1) >> 48


def pair_kinds(first: Hashes, second: Hashes) -> Hashes:
    """The kinds of many pairs."""
    return (first * np.uint64(_MIX_FIRST) + second) * np.uint64(_MIX_BOTH) >> np.uint64(48)


def token_hash(token: str) -> int:
    """The same on every machine, since it is stored."""
    return crc32(token.encode())


def spelled(texts: Sequence[str]) -> str:
    """An entry by its texts, each of which ends; several one after another are several entries."""
    return " \0 ".join(texts) + " \0\0 "


def entry_ends(pieces: Numbers) -> Numbers:
    """Where each entry ends among its pieces: behind the last."""
    return np.flatnonzero(pieces == 1) + 1


class Expanded(NamedTuple):
    """The lists of some numbers, one after another: `places` tells which of the numbers each value comes from."""

    places: Numbers
    values: Numbers


class _Lists:
    """A list of whole numbers for each number, in order."""

    def __init__(self) -> None:
        self._ends = array("q", [0])
        self._values = array("q")

    def append(self, values: Iterable[int]) -> None:
        self._values.extend(values)
        self._ends.append(len(self._values))

    def of(self, numbers: Numbers) -> Expanded:
        ends = np.frombuffer(self._ends, np.int64)
        counts = np.diff(ends)[numbers]
        # Most lists of parts are empty.
        some = np.flatnonzero(counts)
        counts = counts[some]
        places = np.repeat(some, counts)
        shifts = np.repeat(ends[numbers[some]] - np.cumsum(counts) + counts, counts)
        return Expanded(places, np.frombuffer(self._values, np.int64)[shifts + np.arange(len(shifts))])


class _Numbered(dict[bytes, int]):
    """Numbers of pieces: looking one up costs less than calling any function does."""

    def __init__(self, add: Callable[[bytes], int]) -> None:
        super().__init__()
        self._add = add

    def __missing__(self, piece: bytes) -> int:
        number = self[piece] = self._add(piece)
        return number


class Vocabulary:
    """Pieces of text between ASCII blanks by number, and the tokens of each: its words', and their parts'.

    Piece 0 is the end of a text, piece 1 that of an entry, and token 0 either.
    """

    def __init__(self) -> None:
        self._tokens: list[str] = []
        self._in_order: list[str] = []
        self._order = np.zeros(0, np.int64)
        self._hashes = array("Q")
        self._token_numbers: dict[str, int] = {}
        self._wholes, self._parts, self._part_pairs = _Lists(), _Lists(), _Lists()
        self._bytes = 0
        self._pieces = _Numbered(self._add)
        self._seen = TokenInterner()
        self._token_number(BARRIER)
        for number, end in enumerate((_TEXT_END, _ENTRY_END)):
            self._pieces[end] = number
            self._seen.append(end)
            self._wholes.append([0])
            self._parts.append([])
            self._part_pairs.append([])

    @property
    def is_full(self) -> bool:
        """Whether another one should take its place."""
        return len(self._pieces) > _MOST_PIECES or self._bytes > _MOST_BYTES

    def pieces(self, spelled: str) -> Numbers:
        """The numbers of the pieces of some entries, one after another, each as `spelled` gave it."""
        return self._seen.numbers(spelled.encode("utf-8", "replace").translate(_BLANKS), self._pieces.__getitem__)

    def wholes(self, pieces: Numbers) -> Expanded:
        """The tokens of pieces, and of their ends."""
        return self._wholes.of(pieces)

    def parts(self, pieces: Numbers) -> Expanded:
        """The tokens of the parts of the compound words in pieces."""
        return self._parts.of(pieces)

    def part_pairs(self, pieces: Numbers) -> Expanded:
        """The kinds of the pairs among the parts of each compound word in pieces."""
        return self._part_pairs.of(pieces)

    def hashes(self, tokens: Numbers) -> Hashes:
        """The hashes of tokens."""
        return np.frombuffer(self._hashes, np.uint64)[tokens]

    def ranked(self, tokens: Iterable[Numbers]) -> tuple[list[str], Numbers]:
        """The different ones of some tokens in order, and the place of each token among those; the last for ends."""
        if len(self._in_order) < len(self._tokens):
            # Nearly in order, which is soon sorted.
            self._in_order += self._tokens[len(self._in_order) :]
            self._in_order.sort()
            self._order = np.array([self._token_numbers[token] for token in self._in_order], np.int64)
        is_there = np.zeros(len(self._tokens), np.bool_)
        for some in tokens:
            is_there[some] = True
        is_there[0] = False
        numbers = self._order[is_there[self._order]]
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
        pairs = [pair for one in parts for pair in pairwise(map(token_hash, one))]
        self._part_pairs.append([pair_kind(*pair) for pair in pairs])
        self._bytes += len(piece)
        self._seen.append(piece)
        return len(self._pieces)

    def _token_number(self, token: str) -> int:
        number = self._token_numbers.setdefault(token, len(self._tokens))
        if number == len(self._tokens):
            self._tokens.append(token)
            self._hashes.append(token_hash(token))
        return number
