"""Classes of characters by which texts are split into words, from Python's Unicode database."""

import functools
import unicodedata
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

CodePoints: TypeAlias = NDArray[np.int_]
Mask: TypeAlias = NDArray[np.bool_]

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
# Symbols that separate words: the fraction slash that NFKC puts into ½, and those of tables and progress bars.
_SEPARATING_SYMBOLS = [(0x2044, 0x2044), (0x2500, 0x259F), (0x2800, 0x28FF)]

SEPARATOR, LETTER, SINGLE, SYLLABLE, JOINING = range(5)
"""Kinds of characters: between words; in a word, or left to the tokenizer; a word of its own; the same,
unless jamo follow; and what belongs to the character before."""


def _is_within(codes: CodePoints, ranges: list[tuple[int, int]]) -> Mask:
    within = np.zeros(len(codes), bool)
    for first, last in ranges:
        within |= (first <= codes) & (codes <= last)
    return within


def _character_class(codes: CodePoints) -> str:
    """Ascending code points as the inside of a character class of a regular expression."""
    ends = np.flatnonzero(np.diff(codes) != 1)
    firsts, lasts = codes[[0, *(ends + 1)]], codes[[*ends, -1]]
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True))


def _classes() -> tuple[str, str, CodePoints]:
    """Marks, single characters, and the code points of separators."""
    # Only the planes that have any: asking for the category of a million ideographs would slow down the start.
    codes = np.r_[0:0x20000, 0xE0000:0xE1000]
    # An array of two bytes for each, rather than a list of strings, which takes more memory than the server's caches.
    categories = np.fromiter(map(unicodedata.category, map(chr, codes.tolist())), "S2", len(codes))
    is_symbol = np.isin(categories, [b"So", b"Sm", b"Sc"]) | _is_within(codes, [(0x1F3FB, 0x1F3FF)])
    is_uncased = np.isin(categories, [b"Lo", b"Lm", b"Nl", b"No"])
    # Outside CJK a word of its own is an emoji, another symbol, or an unspaced letter.
    is_single = is_symbol & (codes >= 0x80) & ~_is_within(codes, _SEPARATING_SYMBOLS)
    is_single |= ~is_symbol & is_uncased & _is_within(codes, _UNSPACED)
    is_mark, *is_other = (categories.astype("S1") == major for major in (b"M", b"P", b"Z", b"S", b"C"))
    others = codes[np.any(is_other, axis=0) & ~is_single & (codes != 0) & (codes != ord("_"))]
    is_word = np.fromiter((chr(code).isalnum() for code in others.tolist()), bool, len(others))
    return _character_class(codes[is_mark]), CJK + _character_class(codes[is_single]), others[~is_word]


class CharacterClasses(NamedTuple):
    """Marks, single characters and letters as the insides of character classes, and the kind of each code point.

    `letters` are those of the scripts before Thai, in which a word is a run of letters; `uncased_letters` are those
    that are not upper case.
    """

    marks: str
    singles: str
    letters: str
    uncased_letters: str
    kinds: NDArray[np.uint8]


@functools.cache
def character_classes() -> CharacterClasses:
    """The classes, which are made when the first text beyond ASCII is met: see docs/speed.md."""
    marks, singles, separators = _classes()
    letters = [code for code in range(0x0E00) if chr(code).isalpha()]
    uncased = [code for code in letters if unicodedata.category(chr(code)) not in {"Lu", "Lt"}]
    kinds = np.full(0x110000, LETTER, np.uint8)
    kinds[separators] = SEPARATOR
    for classes, kind in (
        (singles, SINGLE),
        (SYLLABLES, SYLLABLE),
        (HALF_WIDTH, LETTER),
        (marks, JOINING),
        (JAMO, JOINING),
    ):
        for first, last in zip(classes[::3], classes[2::3], strict=True):
            kinds[ord(first) : ord(last) + 1] = kind
    kinds[[ord(character) for character in AM]] = JOINING
    return CharacterClasses(
        marks, singles, _character_class(np.array(letters)), _character_class(np.array(uncased)), kinds
    )
