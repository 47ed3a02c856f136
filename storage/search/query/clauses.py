"""The query language: words, which must all match, "phrases" in quotes, and prefixes with a trailing `*`."""

import re
from typing import NamedTuple

from storage.errors import InvalidQuery
from storage.search.index.tokens import word_tokens, words

MAX_CLAUSES = 64

_PIECE = re.compile(r'"([^"]*)"?|([^\s"]+)')


class Clause(NamedTuple):
    """Tokens that must occur in a row. If `is_prefix`, the last one is a prefix of a token."""

    tokens: tuple[str, ...]
    is_prefix: bool


def parse_query(text: str) -> list[Clause]:
    """The distinct clauses of a query; none when it has no word. Raises InvalidQuery when it is blank or too long.

    Several words without a blank between are a phrase: a path, a CJK run, a word with an apostrophe.
    """
    if not text.strip():
        raise InvalidQuery("The query is empty.")
    clauses: dict[Clause, None] = {}
    for quoted, bare in _PIECE.findall(text):
        tokens = tuple(token for word in words(quoted or bare) for token in word_tokens(word.text))
        if tokens:
            clauses[Clause(tokens, bare.endswith("*") and _ends_in_word(bare))] = None
    if len(clauses) > MAX_CLAUSES or sum(len(clause.tokens) for clause in clauses) > 4 * MAX_CLAUSES:
        raise InvalidQuery(f"A query has at most {MAX_CLAUSES} words and phrases.")
    return list(clauses)


def _ends_in_word(bare: str) -> bool:
    stem = bare.rstrip("*")
    return any(word.end == len(stem) for word in words(stem))
