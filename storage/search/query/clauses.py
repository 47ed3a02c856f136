"""What was asked: words that must all match, phrases in quotes, prefixes before a `*`."""

import re
from typing import NamedTuple

from storage.errors import InvalidQuery
from storage.search.index.tokens import word_tokens, words

MOST_CLAUSES = 64

_PIECE = re.compile(r'"([^"]*)"?|([^\s"]+)')


class Clause(NamedTuple):
    """Tokens that must follow each other; of a prefix, the last token is the beginning of one."""

    tokens: tuple[str, ...]
    is_prefix: bool


def read_query(text: str) -> list[Clause]:
    """The clauses of a query; none when it holds no word. Raises InvalidQuery for a blank one and one that is too long.

    Whatever stands together without a blank is a phrase: a path, a CJK run, a word with an apostrophe.
    """
    if not text.strip():
        raise InvalidQuery("The query is empty.")
    clauses: dict[Clause, None] = {}
    for quoted, bare in _PIECE.findall(text):
        found = [token for word in words(quoted or bare) for token in word_tokens(word.text)]
        if found:
            clauses[Clause(tuple(found), bare.endswith("*") and _ends_in_word(bare))] = None
    if len(clauses) > MOST_CLAUSES or sum(len(clause.tokens) for clause in clauses) > 4 * MOST_CLAUSES:
        raise InvalidQuery(f"A query has at most {MOST_CLAUSES} words and phrases.")
    return list(clauses)


def _ends_in_word(bare: str) -> bool:
    stem = bare.rstrip("*")
    return any(word.end == len(stem) for word in words(stem))
