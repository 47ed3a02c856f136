"""Snippets: an excerpt of a text around the best match, with highlights."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import NamedTuple

from storage.search.query.clauses import Clause
from storage.search.query.matching import Match, matched_words

LENGTH = 240
"""Approximate length of a snippet in code points."""

_LEAD = 60
_WINDOW = 4_000
_JOINERS = "\u200d\ufe0e\ufe0f"
# Higher planes have no white space.
_SPACES = {code: " " for code in range(0x3001) if chr(code).isspace()}
_ASCII_SPACES = bytes(ord(" ") if code in _SPACES else code for code in range(128)).ljust(256)
_BREAK = re.compile(r"[\s!-/:-@[-^`{-~]")


class TextSpan(NamedTuple):
    """A half-open span of code points."""

    start: int
    end: int


class Snippet:
    """Text around a match, and where the matching words are in it."""

    __slots__ = ("_highlights", "_words", "text")

    def __init__(self, text: str, words: list[tuple[int, int]]) -> None:
        """`words` are the spans of the matching words in order, which may touch or be the same."""
        self.text = text
        self._words = words
        self._highlights: list[TextSpan] = []

    @property
    def span_count(self) -> int:
        """How many spans it holds."""
        return len(self._words) + len(self._highlights)

    @property
    def highlights(self) -> list[TextSpan]:
        """The spans of the matching words, those that touch joined. They are made when they are asked for."""
        if self._words:
            self._highlights, self._words = _joined(self._words), []
        return self._highlights


def cut_snippet(texts: Iterable[str], clauses: Sequence[Clause]) -> Snippet:
    """Excerpt the text that matches the most clauses; the beginning when none matches."""
    count = len(clauses)
    # With one clause the first match is as good as any, so the rest of the text is not searched.
    reach = LENGTH if count == 1 else inf
    first, best, most = "", "", 0
    best_matches: list[Match] = []
    for text in texts:
        first = first or text
        for window in _windows(text) if len(text) > _WINDOW else (text,):
            matches = matched_words(window, clauses, reach)
            matched = len({index for _, _, index in matches}) if len(matches) > 1 else len(matches)
            if matched > most:
                best, best_matches, most = window, matches, matched
            if most == count:
                return _cut(best, best_matches, most)
    return _cut(best or first[: 2 * LENGTH], best_matches, most)


def _windows(text: str) -> Iterator[str]:
    """Pieces of a text that end between words and overlap by a snippet's length, so that no match is cut in two."""
    start = 0
    while True:
        wanted = start + _WINDOW
        found = _BREAK.search(text, wanted, wanted + _WINDOW)
        end = min(found.end() if found else wanted, len(text))
        yield text[start:end]
        if end == len(text):
            return
        start = end - LENGTH
        while start > wanted - _WINDOW // 2 and not _BREAK.match(text, start - 1):
            start -= 1


def _cut(text: str, matches: list[Match], clauses: int) -> Snippet:
    """Cut out the part with the best of the matching words; `clauses` is how many clauses they match."""
    start = _start(text, _best_place(matches, clauses)) if matches else 0
    end = _end(text, start + LENGTH)
    shown = text[start:end]
    # One for one, so that the spans stay valid.
    shown = shown.encode().translate(_ASCII_SPACES).decode() if shown.isascii() else shown.translate(_SPACES)
    words = [(first - start, min(last, end) - start) for first, last, _ in matches if start <= first < end]
    return Snippet(shown, words)


def _joined(spans: Iterable[tuple[int, int]]) -> list[TextSpan]:
    """The spans in order, those that touch joined: in scripts without spaces, each character is a word."""
    joined: list[TextSpan] = []
    for start, end in spans:
        if joined and start <= joined[-1].end:
            joined[-1] = TextSpan(joined[-1].start, max(joined[-1].end, end))
        else:
            joined.append(TextSpan(start, end))
    return joined


def _best_place(matches: list[Match], clauses: int) -> int:
    """Start of the first word of those that match the most clauses, of `clauses`, within the length of a snippet."""
    best, most = matches[0][0], 0
    if clauses == 1 or matches[-1][1] <= best + LENGTH - _LEAD:
        # The first word, from which on all are within this length.
        return best
    following = count = 0
    # By the clause's index: how often it matches between the place and the next match to look at.
    inside = [0] * (max(index for _, _, index in matches) + 1)
    for place, (start, _, clause) in enumerate(matches):
        while following < len(matches) and (following <= place or matches[following][1] <= start + LENGTH - _LEAD):
            other = matches[following][2]
            count += not inside[other]
            inside[other] += 1
            following += 1
        if count > most:
            best, most = start, count
            if most == clauses:
                break
        inside[clause] -= 1
        count -= not inside[clause]
    return best


def _start(text: str, place: int) -> int:
    """Start of a word some way before `place`, or at least of a grapheme."""
    wanted = place - _LEAD
    if wanted <= 0:
        return 0
    for start in range(wanted, wanted + _LEAD // 2):
        if text[start - 1].isspace():
            return start
    return min(_boundary(text, wanted), place)


def _end(text: str, wanted: int) -> int:
    if wanted >= len(text):
        return len(text)
    for place in range(wanted, wanted - _LEAD // 2, -1):
        if text[place].isspace():
            return place
    return min(_boundary(text, wanted), wanted + _LEAD)


def _boundary(text: str, place: int) -> int:
    while 0 < place < len(text) and _joins(text[place - 1], text[place]):
        place += 1
    return place


def _joins(before: str, after: str) -> bool:
    return before == "\u200d" or after in _JOINERS or unicodedata.category(after)[0] == "M"
