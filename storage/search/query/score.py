"""Relevance of an entry: BM25 (Robertson and Zaragoza, 2009, "The Probabilistic Relevance Framework").

Without inverse document frequencies, since all clauses must match; with a bonus for titles and for clauses that occur
next to each other in the order of the query.
"""

from collections.abc import Sequence

from storage.search.index.entries import entry_tokens
from storage.search.query.clauses import Clause

# BM25's k1 and b, and the length at which b has no effect.
_SATURATION = 1.2
_LENGTH_WEIGHT = 0.75
_USUAL_LENGTH = 60
_TITLE_BONUS = 2.0
_ADJACENT_BONUS = 1.0


def score(tokens: str, clauses: Sequence[Clause], *, is_title: bool) -> float:
    """The score of an entry with these tokens; higher is better."""
    length = tokens.count(" ") - 1
    saturation = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * length / _USUAL_LENGTH)
    counts = [tokens.count(clause_text(clause)) for clause in clauses]
    value = sum(count * (_SATURATION + 1) / (count + saturation) for count in counts)
    if len(clauses) > 1:
        adjacent = Clause(tuple(token for clause in clauses for token in clause.tokens), clauses[-1].is_prefix)
        value += _ADJACENT_BONUS * (clause_text(adjacent) in tokens)
    return round(value + _TITLE_BONUS * is_title, 6)


def title_score(title: str, clauses: Sequence[Clause]) -> float:
    """The score of a session's title."""
    return score(entry_tokens([title]), clauses, is_title=True)


def clause_text(clause: Clause) -> str:
    """A clause as a substring of an entry's tokens."""
    return f" {' '.join(clause.tokens)}{'' if clause.is_prefix else ' '}"
