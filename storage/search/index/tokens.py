"""The tokenizer: splits a text into words and normalizes each to its tokens.

A word is a run of letters, digits and underscores with their combining marks. Each CJK character, each letter of
another script without blanks between words (Thai, Khmer, ...) and each symbol is a word of its own, so that a run of
them is found as a phrase. A token is a word in NFKC, case-folded, with its marks. The parts of `camelCase` and
`snake_case` words are tokens too.
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
    "\uf900-\ufaff\uff66-\uffdc\U00016fe0-\U00018d08\U0001b000-\U0001b2fb\U00020000-\U0003ffff"
)
# Scripts that put no blanks between words: Thai, Lao, Tibetan, Myanmar, Khmer, Tai Le, New Tai Lue, Tai Tham, Balinese,
# Yi, Javanese, more Myanmar, Tai Viet, Ahom.
_UNSPACED = [
    *((0x0E00, 0x0E7F), (0x0E80, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x197F)),
    *((0x1980, 0x19DF), (0x1A20, 0x1AAF), (0x1B00, 0x1B7F), (0xA000, 0xA4CF), (0xA980, 0xA9FF), (0xAA60, 0xAADF)),
    (0x11700, 0x1174F),
]
# No words: the fraction slash that NFKC puts into ½, and what terminals draw tables and progress bars of.
_SEPARATING_SYMBOLS = [(0x2044, 0x2044), (0x2500, 0x259F), (0x2800, 0x28FF)]
# What joins the letter before it when NFKC decomposes it.
_AM = "\u0e33\u0eb3"


def _is_single(code: int, category: str) -> bool:
    """Whether a character is a word of its own: an emoji or another symbol, a letter of an unspaced script."""
    if category in {"So", "Sm", "Sc"} or 0x1F3FB <= code <= 0x1F3FF:
        return code >= 0x80 and not any(first <= code <= last for first, last in _SEPARATING_SYMBOLS)
    return category in {"Lo", "Lm", "Nl", "No"} and any(first <= code <= last for first, last in _UNSPACED)


def _character_class(codes: Iterable[int]) -> str:
    """Ascending code points as the inside of a character class."""
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


def _marks_and_singles() -> tuple[str, str]:
    """All combining marks, and all characters that are words of their own."""
    # Only the planes that have any: to ask for the category of a million ideographs would slow down the start.
    codes = chain(range(0x20000), range(0xE0000, 0xE1000))
    categories = [(code, unicodedata.category(chr(code))) for code in codes]
    marks = _character_class(code for code, category in categories if category[0] == "M")
    return marks, _CJK + _character_class(code for code, category in categories if _is_single(code, category))


_MARK, _SINGLE = _marks_and_singles()
_JAMO = "\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb"
_WORD = re.compile(
    # Characters that NFKC composes stay together: a decomposed syllable, a half-width kana and its mark.
    f"[\uac00-\ud7a3]?[{_JAMO}]+|[\uff66-\uff9d][\uff9e\uff9f]?"
    f"|[{_SINGLE}][{_MARK}]*[{_AM}]?|[<=>]\u0338[{_MARK}]*|[^\\W{_SINGLE}](?:[^\\W{_SINGLE}]|[{_MARK}])*"
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
