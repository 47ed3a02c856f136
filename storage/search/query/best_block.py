"""Finds the block of a message that matches a query best."""

from collections.abc import Iterable, Sequence

from storage.search.query.clauses import Clause
from storage.search.query.matching import texts_match


def best_block(blocks: Iterable[tuple[int, Sequence[str]]], clauses: Sequence[Clause]) -> int | None:
    """The position of the first block with a text that matches the most clauses; None when none matches any."""
    best, most = None, 0
    for position, texts in blocks:
        count = max((sum(texts_match([text], [clause]) for clause in clauses) for text in texts), default=0)
        if count > most:
            best, most = position, count
        if most == len(clauses):
            break
    return best
