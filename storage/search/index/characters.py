"""Classes of characters by which texts are split into words, from Python's Unicode database."""

import unicodedata
from collections.abc import Iterable
from itertools import chain

import numpy as np

CJK = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb"
    "\uf900-\ufaff\uff66-\uffdc\U00016fe0-\U00018d08\U0001b000-\U0001b2fb\U00020000-\U0003ffff"
)
SYLLABLES = "\uac00-\ud7a3"
JAMO = "\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb"
HALF_WIDTH = "\uff66-\uffdc"
# NFKC decomposes these, and the first part of that joins the letter before.
AM = "\u0e33\u0eb3"
# Scripts without blanks between words: Thai, Lao, Tibetan, Myanmar, Khmer, Tai Le, New Tai Lue, Tai Tham, Balinese, Yi,
# Javanese, Myanmar Extended, Tai Viet, Ahom.
_UNSPACED = [
    *((0x0E00, 0x0E7F), (0x0E80, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x197F)),
    *((0x1980, 0x19DF), (0x1A20, 0x1AAF), (0x1B00, 0x1B7F), (0xA000, 0xA4CF), (0xA980, 0xA9FF), (0xAA60, 0xAADF)),
    (0x11700, 0x1174F),
]
# No words: the fraction slash that NFKC puts into ½, and what terminals draw tables and progress bars of.
_SEPARATING_SYMBOLS = [(0x2044, 0x2044), (0x2500, 0x259F), (0x2800, 0x28FF)]

SEPARATOR, LETTER, SINGLE, SYLLABLE, JOINING = range(5)
"""Kinds of characters: between words; in a word, or left to the tokenizer; a word of its own; the same,
unless jamo follow; and what belongs to the character before."""


def _is_within(code: int, ranges: list[tuple[int, int]]) -> bool:
    return any(first <= code <= last for first, last in ranges)


def _is_single(code: int, category: str) -> bool:
    """Whether a character outside CJK is a word of its own: an emoji, another symbol, an unspaced letter."""
    if category in {"So", "Sm", "Sc"} or 0x1F3FB <= code <= 0x1F3FF:
        return code >= 0x80 and not _is_within(code, _SEPARATING_SYMBOLS)
    return category in {"Lo", "Lm", "Nl", "No"} and _is_within(code, _UNSPACED)


def _character_class(codes: Iterable[int]) -> str:
    """Ascending code points as the inside of a character class of a regular expression."""
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


def _classes() -> tuple[str, str, list[int]]:
    """Marks, single characters, and the code points of separators."""
    # Only the planes that have any: to ask for the category of a million ideographs would slow down the start.
    codes = chain(range(0x20000), range(0xE0000, 0xE1000))
    categories = [(code, unicodedata.category(chr(code))) for code in codes]
    singles = [code for code, category in categories if _is_single(code, category)]
    marks = _character_class(code for code, category in categories if category[0] == "M")
    is_single = set(singles)
    separators = [
        code
        for code, category in categories
        if code and category[0] in "PZSC" and code not in is_single and chr(code) != "_" and not chr(code).isalnum()
    ]
    return marks, CJK + _character_class(singles), separators


def _fill(classes: str, kind: int) -> None:
    for first, last in zip(classes[::3], classes[2::3], strict=True):
        KINDS[ord(first) : ord(last) + 1] = kind


MARKS, SINGLES, _separators = _classes()
_letters = [code for code in range(0x0E00) if chr(code).isalpha()]
LETTERS = _character_class(_letters)
"""Letters of the scripts before Thai, in which a word is a run of letters."""
UNCASED_LETTERS = _character_class(code for code in _letters if unicodedata.category(chr(code)) not in {"Lu", "Lt"})
"""Those that are not upper case."""
KINDS = np.full(0x110000, LETTER, np.uint8)
"""The kind of each code point."""
KINDS[_separators] = SEPARATOR
_fill(SINGLES, SINGLE)
_fill(SYLLABLES, SYLLABLE)
_fill(HALF_WIDTH, LETTER)
_fill(MARKS, JOINING)
_fill(JAMO, JOINING)
KINDS[[ord(character) for character in AM]] = JOINING
