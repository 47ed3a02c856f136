"""The tokens of pieces of text: of pieces in ASCII many at a time with NumPy, of the others one by one.

For words in ASCII they agree with `tokens.word_tokens` and `tokens.part_text`, which queries use.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storage.search.index.token_interner import IntArray, spans
from storage.search.index.tokens import LONGEST_NAME, MAX_TOKEN_LENGTH, tokenize_words

Mask = npt.NDArray[np.bool_]

_LOWER, _UPPER, _DIGIT, _UNDERSCORE, _BLANK, _HIGH = range(6)
_KINDS = np.zeros(256, np.uint8)
"""The kind of each byte; U+0000, which is in no text, counts as a lower-case letter."""
_KINDS[ord("A") : ord("Z") + 1] = _UPPER
_KINDS[ord("0") : ord("9") + 1] = _DIGIT
_KINDS[ord("_")] = _UNDERSCORE
_KINDS[ord(" ")] = _BLANK
_KINDS[128:] = _HIGH


class Tokens(NamedTuple):
    """Tokens in order: the index of each one's piece, its span in a text, and whether it ends a word."""

    places: IntArray
    starts: IntArray
    ends: IntArray
    are_last: Mask

    def chosen(self, which: Mask | IntArray) -> "Tokens":
        """Some of the tokens."""
        return Tokens(self.places[which], self.starts[which], self.ends[which], self.are_last[which])


class PieceTokens(NamedTuple):
    """The tokens of pieces, as spans of `text`: of their words, and of the parts of their compound words."""

    text: bytes
    wholes: Tokens
    parts: Tokens


def tokenize_pieces(data: bytes, starts: IntArray, ends: IntArray) -> PieceTokens:
    """The tokens of the pieces at these spans of UTF-8."""
    text, starts, ends = _joined(data, starts, ends)
    kinds = _KINDS[np.frombuffer(text, np.uint8)]
    is_other = np.logical_or.reduceat(kinds == _HIGH, starts)
    wholes, parts = _ascii_tokens(kinds, starts, ends, ~is_other)
    lower = text.lower()
    if not is_other.any():
        return PieceTokens(lower, wholes, parts)
    others = np.flatnonzero(is_other)
    at = zip(starts[others].tolist(), ends[others].tolist(), strict=True)
    found = list(tokenize_words([text[start:end].decode() for start, end in at]))
    more, tokens = _listed(others, [[tokens] if tokens else [] for tokens, _ in found], len(lower))
    lower += more
    more, compounds = _listed(others, [compounds for _, compounds in found], len(lower))
    return PieceTokens(lower + more, _merged(wholes, tokens), _merged(parts, compounds))


def _joined(data: bytes, starts: IntArray, ends: IntArray) -> tuple[bytes, IntArray, IntArray]:
    """The pieces alone, with a blank before and after each, and their spans there."""
    sizes = ends - starts + 1
    own_ends = np.cumsum(sizes)
    own_starts = own_ends - sizes + 1
    at = np.repeat(starts - own_starts, sizes) + np.arange(1, int(own_ends[-1]) + 1)
    codes = np.frombuffer(data + b" ", np.uint8)[at]
    codes[own_ends - 1] = ord(" ")
    return b" " + codes.tobytes(), own_starts, own_ends


def _ascii_tokens(
    kinds: npt.NDArray[np.uint8], starts: IntArray, ends: IntArray, is_own: Mask
) -> tuple[Tokens, Tokens]:
    """The tokens of the pieces among `is_own`."""
    is_upper, is_in_part = kinds == _UPPER, (kinds != _BLANK) & (kinds != _UNDERSCORE)
    begins = is_in_part.copy()
    # The first of several upper-case letters, or the last of them before a lower-case letter, begins a part; so does a
    # lower-case letter after digits that follow upper-case letters.
    begins[1:] &= ~is_in_part[:-1] | is_upper[1:]
    is_inside = np.zeros(len(kinds), np.bool_)
    is_inside[1:-1] = is_upper[:-2] & is_upper[1:-1] & (kinds[2:] != _LOWER)
    is_inside[-1] = is_upper[-2] & is_upper[-1]
    begins &= ~is_inside
    behind_digit = np.flatnonzero((kinds[1:] == _LOWER) & (kinds[:-1] == _DIGIT)) + 1
    if len(behind_digit):
        before_digits = np.maximum.accumulate(np.where(kinds == _DIGIT, 0, np.arange(len(kinds), dtype=np.int32)))
        begins[behind_digit[is_upper[before_digits[behind_digit - 1]]]] = True
    closes = is_in_part.copy()
    closes[:-1] &= begins[1:] | ~is_in_part[1:]
    part_starts, part_ends = np.flatnonzero(begins), np.flatnonzero(closes) + 1
    places = np.searchsorted(starts, part_starts, "right") - 1
    counts = np.bincount(places, minlength=len(starts))
    has_underscore = np.logical_or.reduceat(kinds == _UNDERSCORE, starts)
    lengths = ends - starts
    is_compound = is_own & ((counts > 1) | has_underscore) & (lengths <= LONGEST_NAME)
    are_last = np.ones(len(places), np.bool_)
    np.not_equal(places[1:], places[:-1], out=are_last[:-1])
    parts = Tokens(places, part_starts, np.minimum(part_ends, part_starts + MAX_TOKEN_LENGTH), are_last)
    # Bare underscores have no part and no token.
    some = np.flatnonzero(is_own & (counts > 0))
    whole_ends = np.minimum(ends[some], starts[some] + MAX_TOKEN_LENGTH)
    wholes = Tokens(some, starts[some], whole_ends, np.ones(len(some), np.bool_))
    return wholes, parts.chosen(is_compound[places])


def _listed(places: IntArray, found: Sequence[Sequence[str]], offset: int) -> tuple[bytes, Tokens]:
    """A text with words, each given by its tokens with blanks between them, and the tokens, `offset` added."""
    words = [word for words in found for word in words]
    text = " ".join(["", *words, ""]).encode()
    starts, ends = spans(text)
    counts = np.array([word.count(" ") + 1 for word in words], np.int64)
    own = np.repeat(places, [len(words) for words in found])
    are_last = np.zeros(len(starts), np.bool_)
    are_last[np.cumsum(counts) - 1] = True
    return text, Tokens(np.repeat(own, counts), starts + offset, ends + offset, are_last)


def _merged(some: Tokens, others: Tokens) -> Tokens:
    """Both, in the order of their pieces."""
    both = Tokens(
        np.concatenate((some.places, others.places)),
        np.concatenate((some.starts, others.starts)),
        np.concatenate((some.ends, others.ends)),
        np.concatenate((some.are_last, others.are_last)),
    )
    return both.chosen(np.argsort(both.places, kind="stable"))
