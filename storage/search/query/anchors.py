"""Anchors: patterns that find where a text in any script may have a token, so that few of its words are normalized."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storage.search.index.characters import SINGLE, SYLLABLE, character_classes
from storage.search.index.pieces import WORD_BREAK
from storage.search.index.tokens import normal_form

# Characters of a text that are normalized at once.
_WINDOW = 1_024
# The most characters of a token in a pattern, each of which takes 2 KB; `re` caches the last 512 patterns as well.
_MAX_ANCHOR = 12
# The ranges of Unicode with characters whose normal forms are ASCII letters, or that are words of their own.
_COMPATIBLE = (
    *((0x41, 0x5B), (0x80, 0x0370), (0x1D00, 0x1F00), (0xA700, 0xA800), (0x10780, 0x107BB), (0x1FBF0, 0x1FBFA)),
    *((0x0E00, 0x1000), (0x2000, 0x3400), (0xF900, 0xFB20), (0xFE30, 0xFE50), (0xFF00, 0x10000)),
    *((0x1D100, 0x1D800), (0x1F100, 0x1F300), (0x2F800, 0x2FA20)),
)
_EXPANDED, _SELECTOR = 1, 2


@lru_cache(maxsize=128)
def anchor_of(token: str) -> re.Pattern[str] | None:
    """A pattern that matches at every place where a text has the token, and rarely elsewhere.

    None for a token of letters beyond ASCII: to find it, the text is normalized.
    """
    first = token[0]
    if token.isascii():
        characters = [{character} for character in token[:_MAX_ANCHOR]]
    elif character_classes().kinds[ord(first)] in (SINGLE, SYLLABLE):
        characters = [{first, unicodedata.normalize("NFD", first)[0]}]
    else:
        return None
    by_normal = _sources().by_normal
    sources = [some.union(*(by_normal[character] for character in some)) for some in characters]
    return re.compile("".join(f"[{re.escape(''.join(sorted(some)))}]" for some in sources))


def has_expanded(text: str) -> bool:
    """Whether a text has a character with several ASCII letters in its normal form, or none after an ASCII one."""
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), "<u4")
    kinds = _sources().expanded[codes]
    selectors = np.flatnonzero(kinds == _SELECTOR)
    return bool((kinds == _EXPANDED).any() or (codes[selectors - 1] < 0x80).any())


def may_have(text: str, token: str, anchor: re.Pattern[str] | None) -> bool:
    """Whether a text may have a token."""
    return token in normal_form(text) if anchor is None else anchor.search(text) is not None


def anchored_spans(text: str, token: str, anchor: re.Pattern[str] | None) -> Iterator[tuple[int, int]]:
    """Spans in which words with a token begin or lie."""
    if anchor is not None:
        yield from (found.span() for found in anchor.finditer(text))
        return
    start = 0
    while start < len(text):
        cut = WORD_BREAK.search(text, start + _WINDOW)
        end = cut.end() if cut else len(text)
        if token in normal_form(text[start:end]):
            yield start, end
        start = end


class _Sources(NamedTuple):
    """For each character the others whose normal forms have it, and by code point which expand or vanish."""

    by_normal: defaultdict[str, set[str]]
    expanded: npt.NDArray[np.uint8]


@lru_cache(maxsize=1)
def _sources() -> _Sources:
    by_normal: defaultdict[str, set[str]] = defaultdict(set)
    expanded = np.zeros(0x110000, np.uint8)
    expanded[0xFE00:0xFE10] = expanded[0xE0100:0xE01F0] = _SELECTOR
    for character in map(chr, chain.from_iterable(range(*span) for span in _COMPATIBLE)):
        normal = normal_form(character)
        for one in normal:
            by_normal[one].add(character)
        if len(normal) > 1 and re.search("[0-9a-z_]", normal):
            expanded[ord(character)] = _EXPANDED
    return _Sources(by_normal, expanded)
