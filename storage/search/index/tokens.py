"""The tokenizer: splits a text into words and normalizes each to its tokens.

A word is a run of letters, digits and underscores with their combining marks. Each CJK character, each letter of
another script without blanks between words (Thai, Khmer, ...) and each symbol is a word of its own, so that a run of
them is found as a phrase. A token is a word in NFKC, case-folded, with its marks. The parts of `camelCase` and
`snake_case` words are tokens too.
"""

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import filterfalse
from sys import getsizeof
from typing import NamedTuple

from storage.search.index.characters import AM, JAMO, SYLLABLES, character_classes

MAX_TOKEN_LENGTH = 64
"""Code points of a token; longer words are cut off."""

BARRIER = "_"
"""A token that queries cannot contain, put between texts so that no phrase matches across it."""

_ASCII_WORD = re.compile("[A-Za-z0-9_]+")
_BARE_UNDERSCORES = re.compile(r"\b_+\b")
# Translating separators to blanks and splitting there is faster than a regular expression.
_ASCII_BLANKS = {code: " " for code in range(128) if not _ASCII_WORD.match(chr(code))}
_PART = re.compile("[A-Z]+(?![a-z])[0-9]*|[A-Z]?[^A-Z_]+")
_MARKED_PART = re.compile(r"(?:[A-Z]\.*)+(?![a-z.])[0-9]*|(?:[A-Z]\.*)?[^A-Z_]+")
LONGEST_NAME = 4 * MAX_TOKEN_LENGTH
"""Code points of a word beyond which it is encoded data, not a name, and has no parts."""
_MAX_CACHE_BYTES = 2**23
# Bytes of each item of a dict.
_ITEM_BYTES = 110
# They select a glyph, not another character.
_VARIATION_SELECTOR = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


class _Patterns(NamedTuple):
    """Patterns of words in any script. A simple word has no parts: a letter, and others that are not upper case."""

    word: re.Pattern[str]
    simple_word: re.Pattern[str]


@functools.cache
def _patterns() -> _Patterns:
    """The patterns, which are compiled when the first text beyond ASCII is met: see docs/speed.md."""
    marks, singles, letters, uncased_letters, _ = character_classes()
    return _Patterns(
        word=re.compile(
            # Characters that NFKC composes stay together: a decomposed syllable, a half-width kana and its mark.
            f"[{SYLLABLES}]?[{JAMO}]+|[\uff66-\uff9d][\uff9e\uff9f]?"
            f"|[{singles}][{marks}]*[{AM}]?|[<=>]\u0338[{marks}]*|[^\\W{singles}](?:[^\\W{singles}]|[{marks}])*"
        ),
        simple_word=re.compile(f"[{letters}][{uncased_letters}]*"),
    )


class Word(NamedTuple):
    """A word and its half-open span in the text, in code points."""

    start: int
    end: int
    text: str


def words(text: str, start: int = 0) -> Iterator[Word]:
    """The words of a text in order, from the index `start` on, which must not lie inside a word."""
    for found in (_ASCII_WORD if text.isascii() else _patterns().word).finditer(text, start):
        yield Word(found.start(), found.end(), found.group())


def word_count(text: str) -> int:
    """How many words a text has."""
    return len(_split(text))


def _split(text: str) -> list[str]:
    return text.translate(_ASCII_BLANKS).split() if text.isascii() else _patterns().word.findall(text)


def token_text(text: str) -> str:
    """The tokens of a text, separated by blanks: those of each word in order, then the parts of each distinct compound
    word after a barrier.
    """
    is_ascii = text.isascii()
    found = _split(text)
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


def word_tokens(word: str) -> tuple[str, ...]:
    """The tokens of a whole word: one, unless its normal form consists of several words; none for bare underscores."""
    return tuple(_WHOLES[word].split())


def part_text(word: str) -> str:
    """The tokens of a camelCase or snake_case word's parts, separated by blanks; empty for any other word."""
    return _PARTS[word]


def tokenize_words(pieces: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """For each of many pieces of text, which end between words: its tokens, and the parts of each compound word."""
    if not pieces:
        return
    word, simple_word = _patterns()
    # Normalized all at once, which takes a fraction of the time.
    normalized = normal_form("\n".join(pieces)).split("\n")
    for piece, normal in zip(pieces, normalized, strict=True):
        if simple_word.fullmatch(piece) and normal.isalpha():
            yield normal[:MAX_TOKEN_LENGTH], []
        else:
            found = word.findall(piece)
            yield " ".join(filter(None, map(_whole, found))), _compounds(found)


def _compounds(found: Iterable[str]) -> list[str]:
    return list(filter(None, map(_part_text, found)))


def normal_form(text: str) -> str:
    """NFKC and case folding, without variation selectors."""
    if _VARIATION_SELECTOR.search(text):
        text = _VARIATION_SELECTOR.sub("", text)
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _whole(word: str) -> str:
    """The tokens of a whole word, separated by blanks."""
    if word.isascii():
        return word.lower()[:MAX_TOKEN_LENGTH] if word.strip("_") else ""
    return " ".join(
        piece[:MAX_TOKEN_LENGTH] for piece in _patterns().word.findall(normal_form(word)) if piece.strip("_")
    )


def _part_text(word: str) -> str:
    if len(word) > LONGEST_NAME:
        # Encoded data, not a name.
        return ""
    is_ascii = word.isascii()
    parts = _PART.findall(word) if is_ascii else _parts(word)
    if len(parts) < 2 and "_" not in word:
        return ""
    if is_ascii:
        return " ".join([part[:MAX_TOKEN_LENGTH] for part in parts]).lower()
    return " ".join(filter(None, map(_whole, parts)))


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
    """A function of words, memoized. `__missing__` makes a lookup cheaper than any function call.

    It is emptied when its keys and values exceed `max_bytes`; longer words than names are not memoized.
    """

    def __init__(self, function: Callable[[str], str], max_bytes: int) -> None:
        super().__init__()
        self._function = function
        self._max_bytes = max_bytes
        self.bytes = 0

    def __missing__(self, word: str) -> str:
        result = self._function(word)
        if len(word) <= LONGEST_NAME:
            self.bytes += getsizeof(word) + getsizeof(result) + _ITEM_BYTES
            if self.bytes > self._max_bytes:
                self.clear()
                self.bytes = 0
            self[word] = result
        return result


_WHOLES = _Memo(_whole, _MAX_CACHE_BYTES)
_PARTS = _Memo(_part_text, _MAX_CACHE_BYTES)
