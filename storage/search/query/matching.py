"""Matches clauses in a text, with the same result as matching them in its tokens."""

import string
from collections.abc import Iterator, Sequence
from itertools import islice
from math import inf

from storage.search.index.entries import entry_tokens
from storage.search.index.tokens import Word, normal_form, part_text, word_tokens, words
from storage.search.query.clauses import Clause
from storage.search.query.score import clause_text

_WORD_CHARACTERS = frozenset(string.ascii_lowercase + string.digits + "_")


def texts_match(texts: Sequence[str], clauses: Sequence[Clause]) -> bool:
    """Whether an entry with these texts matches every clause."""
    return all(any(_matches(text, clause) for text in texts) for clause in clauses)


def _matches(text: str, clause: Clause) -> bool:
    if not text.isascii():
        return clause_text(clause) in entry_tokens([text])
    folded = text.lower()
    return _may_match(folded, clause) and any(_runs(text, folded, clause))


def matched_words(text: str, clauses: Sequence[Clause], reach: float = inf) -> list[tuple[Word, Clause]]:
    """The matching words of a text with their clauses, in order: of each clause at least those that begin within
    `reach` characters of its first match.
    """
    is_ascii = text.isascii()
    folded = text.lower() if is_ascii else normal_form(text)
    # Most texts lack a clause altogether, which takes no tokenizing to see.
    possible = [clause for clause in clauses if _may_match(folded, clause)]
    if not possible:
        return []
    if is_ascii:
        found: dict[tuple[Word, Clause], None] = {}
        for clause in possible:
            end = inf
            for run in _runs(text, folded, clause):
                end = min(end, run[0].start + reach)
                if run[0].start > end:
                    break
                found.update(dict.fromkeys((word, clause) for word in run))
        return sorted(found, key=_start_of)
    sequence = [(word, token) for word in words(text) for token in word_tokens(word.text)]
    tokens = [token for _, token in sequence]
    found = {}
    for place, (word, _) in enumerate(sequence):
        for clause in possible:
            length = len(clause.tokens)
            if _follows(tokens[place : place + length], clause):
                found.update(dict.fromkeys((sequence[place + step][0], clause) for step in range(length)))
            elif _has_part(word.text, clause):
                found[(word, clause)] = None
    return sorted(found, key=_start_of)


def _may_match(folded: str, clause: Clause) -> bool:
    return all(token in folded for token in clause.tokens)


def _start_of(match: tuple[Word, Clause]) -> int:
    return match[0].start


def _runs(text: str, folded: str, clause: Clause) -> Iterator[list[Word]]:
    """The runs of words that match a clause in an ASCII text, where a word has at most one token: each begins with a
    word that contains the clause's first token. A compound word that matches by its parts is a run of its own.
    """
    first, length = clause.tokens[0], len(clause.tokens)
    place = folded.find(first)
    while place >= 0:
        end = place + len(first)
        while place > 0 and folded[place - 1] in _WORD_CHARACTERS:
            place -= 1
        while end < len(folded) and folded[end] in _WORD_CHARACTERS:
            end += 1
        word = Word(place, end, text[place:end])
        run = [word] if length == 1 else _words_with_tokens(text, place, length)
        if (length == 1 and end - place == len(first)) or _follows(
            [token for one in run for token in word_tokens(one.text)], clause
        ):
            yield run
        elif _has_part(word.text, clause):
            yield [word]
        place = folded.find(first, end)


def _words_with_tokens(text: str, start: int, count: int) -> list[Word]:
    """The next `count` words with tokens of an ASCII text."""
    return list(islice((word for word in words(text, start) if word_tokens(word.text)), count))


def _follows(tokens: list[str], clause: Clause) -> bool:
    *whole, last = clause.tokens
    if len(tokens) != len(clause.tokens) or tokens[:-1] != whole:
        return False
    return tokens[-1].startswith(last) if clause.is_prefix else tokens[-1] == last


def _has_part(word: str, clause: Clause) -> bool:
    parts = part_text(word).split()
    length = len(clause.tokens)
    return any(_follows(parts[place : place + length], clause) for place in range(len(parts) - length + 1))
