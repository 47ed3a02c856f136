"""Finds words in ASCII texts, which most texts are, without splitting any word: the characters next to a match tell
whether it is a word or a part of one.
"""

import re
import string
from collections.abc import Sequence

from storage.search.index.tokens import LONGEST_NAME, MAX_TOKEN_LENGTH

WORD_CHARACTERS = frozenset(string.ascii_lowercase + string.digits + "_")
"""The characters of words in a lower-case text."""

_WORD_END = re.compile("[^a-z0-9_]")
# As the tokenizer's pattern of parts, which is used within one word.
_PART = re.compile("[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z0-9]+")


def word_end(folded: str, place: int) -> int:
    """The end of the word that a place in a lower-case text lies in, or that ends there."""
    found = _WORD_END.search(folded, place)
    return found.start() if found else len(folded)


def has_words(folded: str, tokens: Sequence[str], *, is_prefix: bool) -> bool:
    """Whether a folded ASCII text has these words, one blank apart. A phrase can also match in other ways."""
    phrase = " ".join(tokens)
    place = folded.find(phrase)
    while place >= 0:
        end = place + len(phrase)
        if (place == 0 or folded[place - 1] not in WORD_CHARACTERS) and (
            is_prefix or end == len(folded) or folded[end] not in WORD_CHARACTERS
        ):
            return True
        place = folded.find(phrase, place + 1)
    return False


def find_word(text: str, folded: str, token: str, start: int, *, is_prefix: bool) -> tuple[int, int] | None:
    """The span of the first word from an index on that has a token, as a whole or as a part, or begins with it.

    `folded` is the text in lower case. The index does not lie inside a word.
    """
    size, length = len(token), len(folded)
    place = folded.find(token, start)
    while place >= 0:
        end = place + size
        begins_word = place == 0 or folded[place - 1] not in WORD_CHARACTERS
        if begins_word and (end == length or folded[end] not in WORD_CHARACTERS):
            return place, end
        # Longer words and parts are cut off in the index.
        is_open = is_prefix or size == MAX_TOKEN_LENGTH
        if begins_word and is_open:
            return place, word_end(folded, end)
        if _is_part(text, place, end, is_open=is_open):
            stop = word_end(folded, end)
            first = _word_start(folded, place, stop - LONGEST_NAME)
            if first is not None:
                return first, stop
            # The word is too long for a name.
            place = stop
        place = folded.find(token, place + 1)
    return None


def _is_part(text: str, start: int, end: int, *, is_open: bool) -> bool:
    """Whether a part of a word has this span, or begins with it if `is_open`."""
    if not _begins_part(text, start):
        return False
    found = _PART.match(text, start)
    return found is not None and (found.end() == end or (is_open and found.end() > end))


def _begins_part(text: str, place: int) -> bool:
    """Whether a part begins at a place of a word, if one begins at all at the letter or digit there."""
    before = text[place - 1] if place else " "
    if not before.isalnum():
        return True
    first = text[place]
    if first.isupper():
        return not before.isupper() or text[place + 1 : place + 2].islower()
    if first.isdigit() or not before.isdigit():
        return False
    # Digits end a part of upper-case letters, and no other.
    while place and text[place - 1].isdigit():
        place -= 1
    return place > 0 and text[place - 1].isupper()


def _word_start(folded: str, place: int, least: int) -> int | None:
    """The start of the word that a place lies in; None if it is before `least`."""
    while place >= least and place > 0 and folded[place - 1] in WORD_CHARACTERS:
        place -= 1
    return place if place >= least else None
