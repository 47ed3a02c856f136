"""Snippets: an excerpt of a text around the best match, with highlights."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import NamedTuple

from storage.search.index.tokens import Word
from storage.search.query.clauses import Clause
from storage.search.query.matching import matched_words

LENGTH = 240
"""Approximate length of a snippet in code points."""

_LEAD = 60
_WINDOW = 4_000
_JOINERS = "\u200d\ufe0e\ufe0f"
# Higher planes have no white space.
_SPACES = {code: " " for code in range(0x3001) if chr(code).isspace()}
_BREAK = re.compile(r"[\s!-/:-@[-^`{-~]")


class TextSpan(NamedTuple):
    """A half-open span of code points."""

    start: int
    end: int


class Snippet(NamedTuple):
    """Text around a match, and the spans of the matched words in it."""

    text: str
    highlights: list[TextSpan]


def cut_snippet(texts: Iterable[str], clauses: Sequence[Clause]) -> Snippet:
    """Excerpt the text that matches the most clauses; the beginning when none matches."""
    first, best, best_matches, most = "", "", [], 0
    for text in texts:
        first = first or text
        for window in _windows(text) if len(text) > _WINDOW else (text,):
            # With one clause the first match is as good as any, so the rest of the text is not searched.
            matched = matched_words(window, clauses, LENGTH if len(clauses) == 1 else inf)
            count = len({clause for _, clause in matched}) if matched else 0
            if count > most:
                best, best_matches, most = window, matched, count
            if most == len(clauses):
                return _cut(best, best_matches, most)
    return _cut(best, best_matches, most) if most else _cut(first[: 2 * LENGTH], [], 0)


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


def _cut(text: str, matched: list[tuple[Word, Clause]], clauses: int) -> Snippet:
    """Cut out the part with the best of the matching words; `clauses` is how many clauses they match."""
    start = 0
    if matched:
        start = _start(text, _best_place(matched, clauses) if clauses > 1 else matched[0][0].start)
    end = _end(text, start + LENGTH)
    shown = text[start:end]
    if not (shown.isascii() and shown.isprintable()):
        # One for one, so that the spans stay valid.
        shown = shown.translate(_SPACES)
    spans = [
        TextSpan(word.start - start, min(word.end, end) - start) for word, _ in matched if start <= word.start < end
    ]
    return Snippet(shown, _joined(dict.fromkeys(spans)) if len(spans) > 1 else spans)


def _joined(spans: Iterable[TextSpan]) -> list[TextSpan]:
    """The spans in order, those that touch joined: in scripts without spaces, each character is a word."""
    joined: list[TextSpan] = []
    for span in spans:
        if joined and span.start <= joined[-1].end:
            joined[-1] = TextSpan(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def _best_place(matched: list[tuple[Word, Clause]], clauses: int) -> int:
    """Start of the first word of those that match the most clauses, of `clauses`, within the length of a snippet."""
    best, most = matched[0][0].start, 0
    following = count = 0
    inside: defaultdict[Clause, int] = defaultdict(int)
    for place, (word, clause) in enumerate(matched):
        while following < len(matched) and (
            following <= place or matched[following][0].end <= word.start + LENGTH - _LEAD
        ):
            other = matched[following][1]
            count += not inside[other]
            inside[other] += 1
            following += 1
        if count > most:
            best, most = word.start, count
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
