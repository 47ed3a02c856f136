"""Relevance of an entry: BM25 (Robertson and Zaragoza, 2009, "The Probabilistic Relevance Framework").

Without inverse document frequencies, since all clauses must match; with a bonus for titles and for clauses that occur
next to each other in the order of the query. The length of a long text is estimated, so that it needs no tokenizing.
"""

from collections.abc import Sequence

from storage.search.index.tokens import word_count
from storage.search.query.clauses import Clause
from storage.search.query.matching import count_matches, texts_match

# BM25's k1 and b, and the length at which b has no effect.
_SATURATION = 1.2
_LENGTH_WEIGHT = 0.75
_USUAL_LENGTH = 60
_TITLE_BONUS = 2.0
_ADJACENT_BONUS = 1.0
# Characters up to which the words of a text are counted, and bytes of a word in a longer one, with a blank.
_SHORT = 200
_WORD_BYTES = 6


def score(texts: Sequence[str], clauses: Sequence[Clause], *, is_title: bool) -> float:
    """The score of an entry; higher is better."""
    length = sum(map(_word_count, texts))
    saturation = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * length / _USUAL_LENGTH)
    # It matches, even if no match is among the candidates that were checked.
    counts = [max(sum(count_matches(text, clause) for text in texts), 1) for clause in clauses]
    value = sum(count * (_SATURATION + 1) / (count + saturation) for count in counts)
    if len(clauses) > 1:
        adjacent = Clause(tuple(token for clause in clauses for token in clause.tokens), clauses[-1].is_prefix)
        value += _ADJACENT_BONUS * texts_match(texts, [adjacent])
    return round(value + _TITLE_BONUS * is_title, 6)


def _word_count(text: str) -> float:
    return word_count(text) if len(text) <= _SHORT else len(text.encode()) / _WORD_BYTES


def title_score(title: str, clauses: Sequence[Clause]) -> float:
    """The score of a session's title."""
    return score([title], clauses, is_title=True)
