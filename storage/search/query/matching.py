"""Matches clauses in a text as if in its tokens, but tokenizes only the places where they may match."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from math import inf
from typing import NamedTuple, TypeAlias

from storage.search.index.characters import JOINING, LETTER, SEPARATOR, character_classes
from storage.search.index.tokens import MAX_TOKEN_LENGTH, Word, part_text, word_tokens, words
from storage.search.query.anchors import anchor_of, anchored_spans, has_expanded, may_have
from storage.search.query.ascii_words import WORD_CHARACTERS, find_word, has_words, word_end
from storage.search.query.clauses import Clause

_LETTER_OR_DIGIT = re.compile("[a-z0-9]")
# Matches and candidates of a clause in a text, after which their number is extrapolated.
_MAX_COUNTED, _MAX_CANDIDATES = 64, 1_000

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
    if not text.isascii():
        return any(_runs(text, clause))
    folded = text.lower()
    if len(clause.tokens) == 1:
        return find_word(text, folded, clause.tokens[0], 0, is_prefix=clause.is_prefix) is not None
    # Most phrases that match are in a text as they were typed.
    if has_words(folded, clause.tokens, is_prefix=clause.is_prefix):
        return True
    return any(candidate.run for candidate in _ascii_candidates(text, folded, clause))


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
    if text.isascii() and len(clause.tokens) == 1:
        folded = text.lower()
        if folded.count(clause.tokens[0]) < _MAX_CANDIDATES:
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
        yield from _ascii_candidates(text, text.lower(), clause)
    else:
        is_expanded = any(map(str.isascii, clause.tokens)) and has_expanded(text)
        anchors = [None if is_expanded and token.isascii() else anchor_of(token) for token in clause.tokens]
        if all(map(may_have, [text] * len(anchors), clause.tokens, anchors)):
            done = 0
            for start, end in anchored_spans(text, clause.tokens[0], anchors[0]):
                if end > done:
                    runs, done = _runs_from(text, _word_start(text, start, done), end, clause)
                    yield from (Candidate(run, done) for run in runs or [[]])


def _ascii_candidates(text: str, folded: str, clause: Clause) -> Iterator[Candidate]:
    """In an ASCII text, where a word has at most one token, a match begins in a word with the first token in it."""
    if not all(token in folded for token in clause.tokens):
        return
    first, size = clause.tokens[0], len(clause.tokens[0])
    place = folded.find(first)
    while place >= 0:
        done = place + 1
        if len(clause.tokens) == 1:
            word = _ascii_word(text, folded, place, place + size)
            is_match = len(word.text) == size or _follows([*word_tokens(word.text)], clause)
            yield Candidate([word] if is_match or _has_part(word.text, clause) else [], word.end)
            done = word.end
        elif _second_may_follow(folded, place + size, clause):
            word = _ascii_word(text, folded, place, place + size)
            yield Candidate(_ascii_run(text, folded, word, clause), word.end)
            done = word.end
        place = folded.find(first, done)


def _ascii_word(text: str, folded: str, start: int, end: int) -> Word:
    """The word that a span lies in."""
    while start > 0 and folded[start - 1] in WORD_CHARACTERS:
        start -= 1
    if end < len(folded) and folded[end] in WORD_CHARACTERS:
        end = word_end(folded, end)
    return Word(start, end, text[start:end])


def _second_may_follow(folded: str, end: int, clause: Clause) -> bool:
    """Whether the second token of a clause is the next thing behind its first one, which ends at a place.

    Neither words nor parts of one word have letters or digits between them.
    """
    first, second = clause.tokens[:2]
    if len(first) == MAX_TOKEN_LENGTH:
        # The word or the part may be longer than its token.
        return True
    behind = _LETTER_OR_DIGIT.search(folded, end)
    return behind is not None and folded.startswith(second.lstrip("_"), behind.start())


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


def _word_start(text: str, place: int, done: int) -> int:
    """An end of a word at `place` or before, not before `done`."""
    while place > done and _kind(text[place]) in (LETTER, JOINING) and not _is_separator(text[place - 1]):
        place -= 1
    return place


def _kind(character: str) -> int:
    return int(character_classes().kinds[ord(character)])


def _is_separator(character: str) -> bool:
    return _kind(character) == SEPARATOR


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
