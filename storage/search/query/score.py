"""How well an entry matches: counts of what was asked in its tokens.

BM25 without its weight of words, since all must match (Robertson and Zaragoza, 2009, "The Probabilistic Relevance
Framework"), and more for titles and for words that stand together as they were asked.
"""

from collections.abc import Sequence

from storage.search.index.entries import entry_tokens
from storage.search.query.clauses import Clause

_SATURATION = 1.2
_LENGTH_WEIGHT = 0.75
_USUAL_LENGTH = 60
_TITLE_WEIGHT = 2.0
_TOGETHER_WEIGHT = 1.0


def score(tokens: str, clauses: Sequence[Clause], *, is_title: bool) -> float:
    """The score of an entry with these tokens; higher is better."""
    length = tokens.count(" ") - 1
    shortness = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * length / _USUAL_LENGTH)
    counts = [tokens.count(said(clause)) for clause in clauses]
    value = sum(count * (_SATURATION + 1) / (count + shortness) for count in counts)
    if len(clauses) > 1:
        together = Clause(tuple(token for clause in clauses for token in clause.tokens), clauses[-1].is_prefix)
        value += _TOGETHER_WEIGHT * (said(together) in tokens)
    return round(value + _TITLE_WEIGHT * is_title, 6)


def title_score(title: str, clauses: Sequence[Clause]) -> float:
    """That of a session's title."""
    return score(entry_tokens([title]), clauses, is_title=True)


def said(clause: Clause) -> str:
    """A clause as it stands among an entry's tokens."""
    return f" {' '.join(clause.tokens)}{'' if clause.is_prefix else ' '}"
