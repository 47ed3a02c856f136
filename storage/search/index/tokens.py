"""The tokenizer: splits a text into words and normalizes each to its tokens.

A word is a run of letters, digits and underscores with their combining marks; each CJK character is a word of its own.
A token is a word in NFKC, case-folded, with its marks. The parts of `camelCase` and `snake_case` words are tokens too.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain, filterfalse
from typing import NamedTuple

MAX_TOKEN_LENGTH = 64
"""Code points of a token; longer words are cut off."""

BARRIER = "_"
"""A token that no query has, put between texts so that no phrase matches across it."""

_CJK = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb"
    "\uf900-\ufaff\uff66-\uffdc\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)


def _marks() -> str:
    """Every combining mark, as the inside of a character class."""
    # Only the planes that have any: to ask for the category of a million ideographs would slow down the start.
    codes = chain(range(0x20000), range(0xE0000, 0xE1000))
    marks = [code for code in codes if unicodedata.category(chr(code))[0] == "M"]
    ranges: list[list[int]] = []
    for code in marks:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


_MARK = _marks()
_JAMO = "\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb"
_WORD = re.compile(
    # Characters that NFKC composes stay together: a decomposed syllable, a half-width kana and its mark.
    f"[\uac00-\ud7a3]?[{_JAMO}]+|[\uff66-\uff9d][\uff9e\uff9f]?"
    f"|[{_CJK}][{_MARK}]*|[^\\W{_CJK}](?:[^\\W{_CJK}]|[{_MARK}])*"
)
_ASCII_WORD = re.compile("[A-Za-z0-9_]+")
_BARE_UNDERSCORES = re.compile(r"\b_+\b")
# Translating separators to blanks and splitting there is faster than a regular expression.
_ASCII_BLANKS = {code: " " for code in range(128) if not _ASCII_WORD.match(chr(code))}
_PART = re.compile("[A-Z]+(?![a-z])[0-9]*|[A-Z]?[^A-Z_]+")
_MARKED_PART = re.compile(r"(?:[A-Z]\.*)+(?![a-z.])[0-9]*|(?:[A-Z]\.*)?[^A-Z_]+")
_LONGEST_NAME = 4 * MAX_TOKEN_LENGTH
_MAX_CACHED = 65536
# They select a glyph, not another character.
_VARIATION_SELECTORS = dict.fromkeys([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])


class Word(NamedTuple):
    """A word and its half-open span in the text, in code points."""

    start: int
    end: int
    text: str


def words(text: str, start: int = 0) -> Iterator[Word]:
    """The words of a text in order, from the index `start` on, which must not lie inside a word."""
    for found in (_ASCII_WORD if text.isascii() else _WORD).finditer(text, start):
        yield Word(found.start(), found.end(), found.group())


def token_text(text: str) -> str:
    """The tokens of a text, separated by blanks: those of each word in order, then the parts of each distinct compound
    word behind a barrier.
    """
    is_ascii = text.isascii()
    found = text.translate(_ASCII_BLANKS).split() if is_ascii else _WORD.findall(text)
    distinct = dict.fromkeys(found)
    has_underscore = "_" in text
    is_plain = is_ascii and max(map(len, distinct), default=0) <= MAX_TOKEN_LENGTH
    if is_plain and not (has_underscore and _BARE_UNDERSCORES.search(text)):
        wholes = " ".join(found).lower()
    else:
        wholes = " ".join(filter(None, map(_WHOLES.__getitem__, found)))
    # Most words have no parts; looking each up would take most of the time.
    candidates = _snake_or_cased(distinct) if has_underscore else filterfalse(str.islower, distinct)
    compounds = f" {BARRIER} ".join(filter(None, map(_PARTS.__getitem__, candidates)))
    return f"{wholes} {BARRIER} {compounds}" if compounds else wholes


def _snake_or_cased(found: Iterable[str]) -> Iterator[str]:
    return (word for word in found if "_" in word or not word.islower())


@lru_cache(maxsize=_MAX_CACHED)
def word_tokens(word: str) -> tuple[str, ...]:
    """The tokens of a whole word: one, unless its normal form consists of several words; none for bare underscores."""
    if word.isascii():
        return (word.lower()[:MAX_TOKEN_LENGTH],) if word.strip("_") else ()
    return tuple(piece[:MAX_TOKEN_LENGTH] for piece in _WORD.findall(normal_form(word)) if piece.strip("_"))


def normal_form(text: str) -> str:
    """NFKC and case folding, without variation selectors."""
    plain = unicodedata.normalize("NFKC", text.translate(_VARIATION_SELECTORS))
    return unicodedata.normalize("NFKC", plain.casefold())


@lru_cache(maxsize=_MAX_CACHED)
def part_text(word: str) -> str:
    """The tokens of a camelCase or snake_case word's parts, separated by blanks; empty for any other word."""
    if len(word) > _LONGEST_NAME:
        # Encoded data, not a name.
        return ""
    parts = _PART.findall(word) if word.isascii() else _parts(word)
    if len(parts) < 2 and "_" not in word:
        return ""
    return " ".join(token for part in parts for token in word_tokens(part))


def _parts(word: str) -> list[str]:
    """As _PART splits ASCII words, for any script that has case."""
    shape = "".join(map(_shape, word))
    return [word[found.start() : found.end()] for found in _MARKED_PART.finditer(shape)]


def _shape(character: str) -> str:
    if character == "_":
        return "_"
    if character.isupper():
        return "A"
    if character.isdigit():
        return "0"
    return "." if unicodedata.category(character)[0] == "M" else "a"


class _Memo(dict[str, str]):
    """A function of words, memoized. `__missing__` makes a lookup cheaper than any function call."""

    def __init__(self, function: Callable[[str], str]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, word: str) -> str:
        if len(self) >= _MAX_CACHED:
            self.clear()
        result = self[word] = self._function(word)
        return result


_WHOLES = _Memo(lambda word: " ".join(word_tokens(word)))
_PARTS = _Memo(part_text)
