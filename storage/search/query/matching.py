"""Matches clauses in a text as if in its tokens, but tokenizes only the places where they may match."""

import re
import string
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from math import inf
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storage.search.index.characters import JOINING, LETTER, SEPARATOR, SINGLE, SYLLABLE, character_classes
from storage.search.index.pieces import WORD_BREAK
from storage.search.index.tokens import Word, normal_form, part_text, word_tokens, words
from storage.search.query.clauses import Clause

_WORD_CHARACTERS = frozenset(string.ascii_lowercase + string.digits + "_")
_WORD_END = re.compile("[^a-z0-9_]")
# Matches and candidates of a clause in a text, after which their number is extrapolated.
_MAX_COUNTED, _MAX_CANDIDATES = 64, 1_000
_WINDOW = 1_024
# Characters of a token that a pattern has, each of which takes 2 KB; `re` caches the last 512 patterns as well.
_MAX_ANCHOR = 12
# Where Unicode has characters of which normal forms make ASCII letters, and characters that are words of their own.
_COMPATIBLE = (
    *((0x41, 0x5B), (0x80, 0x0370), (0x1D00, 0x1F00), (0xA700, 0xA800), (0x10780, 0x107BB), (0x1FBF0, 0x1FBFA)),
    *((0x0E00, 0x1000), (0x2000, 0x3400), (0xF900, 0xFB20), (0xFE30, 0xFE50), (0xFF00, 0x10000)),
    *((0x1D100, 0x1D800), (0x1F100, 0x1F300), (0x2F800, 0x2FA20)),
)
_EXPANDED, _SELECTOR = 1, 2


class Candidate(NamedTuple):
    """A place where a clause may match: the words that match, or none, and the end of what was looked at."""

    run: list[Word]
    end: int


def texts_match(texts: Sequence[str], clauses: Sequence[Clause]) -> bool:
    """Whether an entry with these texts matches every clause."""
    return all(any(any(_runs(text, clause)) for text in texts) for clause in clauses)


def matched_words(text: str, clauses: Sequence[Clause], reach: float = inf) -> list[tuple[Word, Clause]]:
    """The matching words of a text with their clauses, in order: of each clause at least those that begin within
    `reach` characters of its first match.
    """
    if text.isascii() and all(len(clause.tokens) == 1 for clause in clauses):
        folded = text.lower()
        if len(clauses) == 1:
            return _matched_ascii_words(text, folded, clauses[0], reach)
        every = [match for clause in clauses for match in _matched_ascii_words(text, folded, clause, reach)]
        # By the words, which begin with their starts.
        return sorted(every, key=itemgetter(0))
    found: dict[tuple[Word, Clause], None] = {}
    for clause in clauses:
        end = inf
        for run in _runs(text, clause):
            end = min(end, run[0].start + reach)
            if run[0].start > end:
                break
            found.update(dict.fromkeys((word, clause) for word in run))
    return sorted(found, key=_start_of_match)


def _start_of_match(match: tuple[Word, Clause]) -> int:
    return match[0].start


def _matched_ascii_words(text: str, folded: str, clause: Clause, reach: float) -> list[tuple[Word, Clause]]:
    """As `matched_words`, for one word in an ASCII text, which is what most clauses and texts are."""
    [token] = clause.tokens
    size, length = len(token), len(folded)
    found: list[tuple[Word, Clause]] = []
    last = inf
    place = folded.find(token)
    while place >= 0:
        start, end = place, place + size
        while start > 0 and folded[start - 1] in _WORD_CHARACTERS:
            start -= 1
        if end < length and folded[end] in _WORD_CHARACTERS:
            end = _word_end(folded, end)
        if start > last:
            break
        word = text[start:end]
        if end - start == size or _has_word(word, token, is_prefix=clause.is_prefix):
            last = min(last, start + reach)
            found.append((Word(start, end, word), clause))
        place = folded.find(token, end)
    return found


def count_matches(text: str, clause: Clause) -> float:
    """How often a clause matches in a text; extrapolated from its beginning if that is often."""
    count = 0
    for candidates, candidate in enumerate(_candidates(text, clause), 1):
        count += bool(candidate.run)
        if count == _MAX_COUNTED or candidates == _MAX_CANDIDATES:
            return count * len(text) / candidate.end
    return count


def _runs(text: str, clause: Clause) -> Iterator[list[Word]]:
    """The runs of words that match a clause, in order. A compound word that matches by its parts is one of its own."""
    return (candidate.run for candidate in _candidates(text, clause) if candidate.run)


def _candidates(text: str, clause: Clause) -> Iterator[Candidate]:
    if text.isascii():
        folded = text.lower()
        if all(token in folded for token in clause.tokens):
            yield from _ascii_candidates(text, folded, clause)
    else:
        has_expanded = any(map(str.isascii, clause.tokens)) and _has_expanded(text)
        anchors = [None if has_expanded and token.isascii() else _anchor(token) for token in clause.tokens]
        if all(map(_is_in, [text] * len(anchors), clause.tokens, anchors)):
            done = 0
            for start, end in _spans(text, clause.tokens[0], anchors[0]):
                if end > done:
                    runs, done = _runs_from(text, _word_start(text, start, done), end, clause)
                    yield from (Candidate(run, done) for run in runs or [[]])


def _ascii_candidates(text: str, folded: str, clause: Clause) -> Iterator[Candidate]:
    """In an ASCII text, where a word has at most one token, a match begins in a word with the first token in it."""
    first, length = clause.tokens[0], len(clause.tokens)
    size = len(first)
    place = folded.find(first)
    while place >= 0:
        end = place + size
        while place > 0 and folded[place - 1] in _WORD_CHARACTERS:
            place -= 1
        if end < len(folded) and folded[end] in _WORD_CHARACTERS:
            end = _word_end(folded, end)
        word = Word(place, end, text[place:end])
        if length == 1 and end - place == size:
            run = [word]
        else:
            run = [word] if length == 1 else _words_with_tokens(text, place, length)
            if not _follows([token for one in run for token in word_tokens(one.text)], clause):
                run = [word] if _has_part(word.text, clause) else []
        yield Candidate(run, end)
        place = folded.find(first, end)


def _word_end(folded: str, place: int) -> int:
    """The end of the ASCII word that a place lies in."""
    found = _WORD_END.search(folded, place)
    return found.start() if found else len(folded)


def _words_with_tokens(text: str, start: int, count: int) -> list[Word]:
    """The next `count` words with tokens of an ASCII text."""
    return list(islice((word for word in words(text, start) if word_tokens(word.text)), count))


def _is_in(text: str, token: str, anchor: re.Pattern[str] | None) -> bool:
    """Whether a text may have a token."""
    return token in normal_form(text) if anchor is None else anchor.search(text) is not None


def _spans(text: str, token: str, anchor: re.Pattern[str] | None) -> Iterator[tuple[int, int]]:
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


def _word_start(text: str, place: int, done: int) -> int:
    """An end of a word at `place` or before, not before `done`."""
    while place > done and _kind(text[place]) in (LETTER, JOINING) and not _is_separator(text[place - 1]):
        place -= 1
    return place


def _kind(character: str) -> int:
    return int(character_classes().kinds[ord(character)])


def _is_separator(character: str) -> bool:
    return _kind(character) == SEPARATOR


@lru_cache(maxsize=128)
def _anchor(token: str) -> re.Pattern[str] | None:
    """A pattern that matches wherever a text has a token, and seldom elsewhere; None if there is no such pattern."""
    first = token[0]
    if token.isascii():
        characters = [{character} for character in token[:_MAX_ANCHOR]]
    elif _kind(first) in (SINGLE, SYLLABLE):
        characters = [{first, unicodedata.normalize("NFD", first)[0]}]
    else:
        return None
    by_normal = _sources().by_normal
    sources = [some.union(*(by_normal[character] for character in some)) for some in characters]
    return re.compile("".join(f"[{re.escape(''.join(sorted(some)))}]" for some in sources))


def _has_expanded(text: str) -> bool:
    """Whether a text has a character with several ASCII letters in its normal form, or none after an ASCII one."""
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), "<u4")
    kinds = _sources().expanded[codes]
    selectors = np.flatnonzero(kinds == _SELECTOR)
    return bool((kinds == _EXPANDED).any() or (codes[selectors - 1] < 0x80).any())


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


def _runs_from(text: str, start: int, end: int, clause: Clause) -> tuple[list[list[Word]], int]:
    """The runs that begin in a span, which begins between words; and the end of the span's last word."""
    length = len(clause.tokens)
    sequence: list[tuple[Word, str]] = []
    stop, done = 0, end
    for word in words(text, start):
        if word.start < end:
            done = max(word.end, end)
            stop = len(sequence) + len(word_tokens(word.text))
        elif len(sequence) >= stop + length - 1:
            break
        sequence += [(word, token) for token in word_tokens(word.text)]
    tokens = [token for _, token in sequence]
    runs = []
    for place, (word, _) in enumerate(sequence[:stop]):
        if _follows(tokens[place : place + length], clause):
            runs.append([one for one, _ in sequence[place : place + length]])
        elif _has_part(word.text, clause):
            runs.append([word])
    return runs, done


def _has_word(word: str, token: str, *, is_prefix: bool) -> bool:
    """Whether an ASCII word matches a clause of one token, as a whole or by a part."""
    tokens = [*word_tokens(word), *part_text(word).split()]
    return any(one.startswith(token) for one in tokens) if is_prefix else token in tokens


def _follows(tokens: list[str], clause: Clause) -> bool:
    *whole, last = clause.tokens
    if len(tokens) != len(clause.tokens) or tokens[:-1] != whole:
        return False
    return tokens[-1].startswith(last) if clause.is_prefix else tokens[-1] == last


def _has_part(word: str, clause: Clause) -> bool:
    parts = part_text(word).split()
    length = len(clause.tokens)
    return any(_follows(parts[place : place + length], clause) for place in range(len(parts) - length + 1))
