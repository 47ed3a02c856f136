"""Matches clauses in a text as if in its tokens, but tokenizes only the places where they may match."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from math import inf
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from storage.search.index.characters import JOINING, LETTER, SEPARATOR, SINGLE, SYLLABLE, character_classes
from storage.search.index.pieces import WORD_BREAK
from storage.search.index.tokens import Word, normal_form, part_text, word_tokens, words
from storage.search.query.ascii_words import WORD_CHARACTERS, find_word, has_words, word_end
from storage.search.query.clauses import Clause

_LETTER_OR_DIGIT = re.compile("[a-z0-9]")
# Matches and candidates of a clause in a text, after which their number is extrapolated.
_MAX_COUNTED, _MAX_CANDIDATES = 64, 1_000
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

Match: TypeAlias = tuple[int, int, int]
"""The start and the end of a matching word, and the index of its clause."""


class Candidate(NamedTuple):
    """A place where a clause may match: the words that match, or none, and the end of what was looked at."""

    run: list[Word]
    end: int


def texts_match(texts: Sequence[str], clauses: Sequence[Clause]) -> bool:
    """Whether an entry with these texts matches every clause."""
    return all(any(_text_matches(text, clause) for text in texts) for clause in clauses)


def _text_matches(text: str, clause: Clause) -> bool:
    if _is_ascii_word(text, clause):
        return find_word(text, text.lower(), clause.tokens[0], 0, is_prefix=clause.is_prefix) is not None
    # Most phrases that match are in a text as they were typed.
    if text.isascii() and has_words(text.lower(), clause.tokens, is_prefix=clause.is_prefix):
        return True
    return any(_runs(text, clause))


def _is_ascii_word(text: str, clause: Clause) -> bool:
    """Whether a clause is one word, which is looked for in an ASCII text: nearly always."""
    return text.isascii() and len(clause.tokens) == 1


def matched_words(text: str, clauses: Sequence[Clause], reach: float = inf) -> list[Match]:
    """The matching words of a text, in order: of each clause at least those that begin within `reach` characters of
    its first match.
    """
    if not text.isascii():
        return _matched_runs(text, clauses, reach)
    folded = text.lower()
    found: list[Match] = []
    for index, (tokens, is_prefix) in enumerate(clauses):
        if len(tokens) > 1:
            return _matched_runs(text, clauses, reach)
        token = tokens[0]
        span = find_word(text, folded, token, 0, is_prefix=is_prefix)
        last = reach + span[0] if span else 0
        while span and span[0] <= last:
            start, end = span
            found.append((start, end, index))
            span = find_word(text, folded, token, end, is_prefix=is_prefix) if reach else None
    if len(clauses) > 1:
        found.sort()
    return found


def _matched_runs(text: str, clauses: Sequence[Clause], reach: float) -> list[Match]:
    """As `matched_words`, in any text."""
    found: set[Match] = set()
    for index, clause in enumerate(clauses):
        last = inf
        for run in _runs(text, clause):
            last = min(last, run[0].start + reach)
            if run[0].start > last:
                break
            found.update((word.start, word.end, index) for word in run)
    return sorted(found)


def count_matches(text: str, clause: Clause) -> float:
    """How often a clause matches in a text; extrapolated from its beginning if that is often."""
    if _is_ascii_word(text, clause) and (folded := text.lower()).count(clause.tokens[0]) < _MAX_CANDIDATES:
        return _count_ascii_words(text, folded, clause)
    count = 0
    for candidates, candidate in enumerate(_candidates(text, clause), 1):
        count += bool(candidate.run)
        if count == _MAX_COUNTED or candidates == _MAX_CANDIDATES:
            return count * len(text) / candidate.end
    return count


def _count_ascii_words(text: str, folded: str, clause: Clause) -> float:
    """As `count_matches`, of one word in an ASCII text that has not too many candidates."""
    count = place = 0
    while span := find_word(text, folded, clause.tokens[0], place, is_prefix=clause.is_prefix):
        count += 1
        place = span[1]
        if count == _MAX_COUNTED:
            return count * len(text) / place
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
        while place > 0 and folded[place - 1] in WORD_CHARACTERS:
            place -= 1
        if end < len(folded) and folded[end] in WORD_CHARACTERS:
            end = word_end(folded, end)
        word = Word(place, end, text[place:end])
        if length == 1:
            is_match = end - place == size or _follows([*word_tokens(word.text)], clause)
            yield Candidate([word] if is_match or _has_part(word.text, clause) else [], end)
        else:
            yield Candidate(_ascii_run(text, folded, word, clause), end)
        place = folded.find(first, end)


def _ascii_run(text: str, folded: str, word: Word, clause: Clause) -> list[Word]:
    """The run of words that matches a clause of several tokens and begins with a word: perhaps that alone by its parts.

    No word is split that cannot be in a match.
    """
    second = clause.tokens[1]
    behind = _LETTER_OR_DIGIT.search(folded, word.end)
    # A word of underscores alone has no token.
    if behind and folded.startswith(second.lstrip("_"), behind.start()):
        run = _words_with_tokens(text, word.start, len(clause.tokens))
        if _follows([token for one in run for token in word_tokens(one.text)], clause):
            return run
    return [word] if folded.find(second, word.start, word.end) >= 0 and _has_part(word.text, clause) else []


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


def _follows(tokens: list[str], clause: Clause) -> bool:
    *whole, last = clause.tokens
    if len(tokens) != len(clause.tokens) or tokens[:-1] != whole:
        return False
    return tokens[-1].startswith(last) if clause.is_prefix else tokens[-1] == last


def _has_part(word: str, clause: Clause) -> bool:
    parts = part_text(word).split()
    length = len(clause.tokens)
    return any(_follows(parts[place : place + length], clause) for place in range(len(parts) - length + 1))
